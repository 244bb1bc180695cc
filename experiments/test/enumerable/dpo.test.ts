/** One seed of what optimum.slow.test.ts tests with three. */
import { describeDpo } from "./dpo-suite.ts";

describeDpo([1]);
