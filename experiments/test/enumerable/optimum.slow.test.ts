/** DPO, PPO and RLOO find the optimum for every seed, not just for the one of `npm test`. */
import { describeDpo } from "./dpo-suite.ts";
import { describeRolloutMethods } from "./rollout-methods-suite.ts";

const SEEDS = [1, 2, 3];

describeDpo(SEEDS);
describeRolloutMethods(SEEDS);
