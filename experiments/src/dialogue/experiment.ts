/** The paper's experiment on single-turn dialogue. */
import { policyExperiment, type StudyDefinition } from "../policy/experiment.ts";
import { backboneStage } from "../policy/stages/backbone.ts";
import { completionStage } from "../policy/stages/completions.ts";
import { PREFERRED_FT, preferredFtStage } from "../policy/stages/preferred-ft.ts";
import { referenceLogpsStage } from "../policy/stages/reference-logps.ts";
import { rewardModelStage } from "../policy/stages/reward-model.ts";
import { tuningExperiment } from "../policy/tuning/experiment.ts";
import type { Experiment } from "../study/experiment.ts";
import { collect } from "./collect.ts";
import { REFERENCE_RUN, trainedRuns } from "./grid.ts";
import { PRESETS } from "./presets.ts";
import type { DialogueSettings } from "./settings.ts";

const DEFINITION: StudyDefinition<DialogueSettings> = {
  name: "dialogue",
  presets: PRESETS,
  defaultPreset: "quick",
  // Replies of the data are nobody's policy: a reference is fine-tuned on the chosen ones.
  reference: PREFERRED_FT,
  referenceRun: REFERENCE_RUN,
  trainedRuns,
  // Preferences come with the task.
  commonStages: (parts) => [
    backboneStage(parts.source, parts.settings.backbone),
    preferredFtStage(parts, parts.settings.preferredFt),
    completionStage(parts, parts.settings.completions),
    rewardModelStage(parts),
    referenceLogpsStage(parts),
  ],
  collect,
};

/** `--experiment dialogue`. */
export const DIALOGUE: Experiment = policyExperiment(DEFINITION);

/** `preflab tune --experiment dialogue`. */
export const DIALOGUE_TUNING: Experiment = tuningExperiment(DEFINITION);
