/** One seed of what optimum.slow.test.ts tests with three. */
import { describeRolloutMethods } from "./rollout-methods-suite.ts";

describeRolloutMethods([1]);
