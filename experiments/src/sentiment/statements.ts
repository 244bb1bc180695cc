/** The checklist of a faithful reproduction: which statements hold for a study, and where to look. */
import type { Statement, StudyResults } from "../study/results.ts";
import type { BackboneFacts } from "./stages/backbone.ts";
import type { PreferenceFacts } from "./stages/preferences.ts";
import type { RewardModelFacts } from "./stages/reward-model.ts";

/** What is known beside the runs. */
export interface StudyFacts {
  readonly backbone: BackboneFacts;
  readonly preferences: PreferenceFacts;
  readonly rewardModel: RewardModelFacts;
}

/** All statements. */
export function statementsOf(_results: StudyResults, _facts: StudyFacts): Statement[] {
  return [];
}
