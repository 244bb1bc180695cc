/** The shared language-model backbone. So far: optimizers and learning-rate schedules. */
export { CheckpointError } from "./checkpoint/error.ts";
export {
  type Activation,
  type Family,
  type ModelConfig,
  type Position,
  parseConfig,
  type RotaryScaling,
  type SpecialIds,
  toHuggingFace,
} from "./config.ts";
export { type AdamOptions, adamEpsilonHat, adamL2, adamw } from "./optim/adam.ts";
export { type RmspropOptions, rmsprop } from "./optim/rmsprop.ts";
export type { OptimizerRule, RuleInputs, RuleOutputs } from "./optim/rule.ts";
export {
  constant,
  constantWithWarmup,
  cosine,
  linear,
  linearToZero,
  referenceWarmup,
  type Schedule,
} from "./optim/schedule.ts";
export { type SgdOptions, sgd } from "./optim/sgd.ts";
