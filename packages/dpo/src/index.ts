/**
 * Learning from preferences without a reward model: the family of objectives that begins with
 * Direct Preference Optimization.
 */
export {
  implicitRewards,
  type PairRewards,
  rewardAccuracies,
  rewardMargins,
} from "./implicit-reward.ts";
export { type Differentiated, lossGradients } from "./objectives/gradients.ts";
export {
  type Configured,
  type ConfiguredPair,
  type ConfiguredRanked,
  type ConfiguredUnpaired,
  type Objective,
  type ObjectiveInfo,
  type PairLogps,
  type PairObjective,
  type PairResult,
  pairObjective,
  type RankedLogps,
  type RankedObjective,
  type RankedResult,
  rankedObjective,
  type UnpairedLogps,
  type UnpairedObjective,
  type UnpairedResult,
  unpairedObjective,
} from "./objectives/objective.ts";
export {
  boolean,
  choice,
  defaultsOf,
  number,
  type OptionSpec,
  type OptionSpecs,
  type OptionsOf,
  type OptionValue,
} from "./objectives/options.ts";
export {
  type AnyConfigured,
  type AnyObjective,
  OBJECTIVES,
  parseObjective,
} from "./objectives/registry.ts";
export {
  lengthDesensitizedLogps,
  logCollisions,
  nllLosses,
  responseWeights,
  sftLosses,
} from "./objectives/token-terms.ts";
export { parseWeightedSum } from "./objectives/weighted-sum.ts";
