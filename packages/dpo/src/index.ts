/**
 * Learning from preferences without a reward model: the family of objectives that begins with
 * Direct Preference Optimization.
 */
export { completionLogps, type GroupBatch, groupBatch } from "./groups/forward.ts";
export {
  completionsPerGroup,
  type Group,
  pairGroup,
  rankedGroup,
  unpairedGroups,
} from "./groups/group.ts";
export {
  type GroupArrays,
  LAYOUTS,
  type Layout,
  type LayoutOptions,
  layOut,
  layoutTokens,
} from "./groups/layout.ts";
export { type Reduction, reduceLogps } from "./groups/reduction.ts";
export {
  implicitRewards,
  type PairRewards,
  rewardAccuracies,
  rewardMargins,
} from "./implicit-reward.ts";
export { type CachedLogps, cachedReferenceLogps, referenceKey } from "./io/reference-cache.ts";
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
  nllLosses,
  responseWeights,
  sftLosses,
} from "./objectives/token-terms.ts";
export { parseWeightedSum } from "./objectives/weighted-sum.ts";
export {
  knownReference,
  liveReference,
  noReference,
  type ReferenceModel,
  type ReferenceOptions,
  type ReferenceSource,
  referenceLogps,
} from "./reference/reference.ts";
export {
  type DpoConfig,
  parseDpoConfig,
  type ReferenceSync,
  readDpoConfig,
} from "./train/config.ts";
export { type DpoEvaluator, dpoEvaluator } from "./train/evaluate.ts";
export {
  type OnlineDpoConfig,
  parseOnlineDpoConfig,
  readOnlineDpoConfig,
} from "./train/online-config.ts";
export {
  type Preferences,
  pairPreferences,
  rankedPreferences,
  unpairedPreferences,
} from "./train/preferences.ts";
export { type FollowingReference, followingReference } from "./train/reference-sync.ts";
export { type DpoInputs, preferenceOrder, trainDpo } from "./train/train-dpo.ts";
export {
  type OnlineDpoInputs,
  type OnlinePairs,
  trainOnlineDpo,
} from "./train/train-online-dpo.ts";
