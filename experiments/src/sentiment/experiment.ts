/** The paper's controlled sentiment experiment. */
import { enumerationStage } from "../enumerable/stage.ts";
import { policyExperiment, type StudyDefinition } from "../policy/experiment.ts";
import { BACKBONE, backboneStage } from "../policy/stages/backbone.ts";
import { completionStage } from "../policy/stages/completions.ts";
import { referenceLogpsStage } from "../policy/stages/reference-logps.ts";
import { rewardModelStage } from "../policy/stages/reward-model.ts";
import { tuningExperiment } from "../policy/tuning/experiment.ts";
import type { Experiment } from "../study/experiment.ts";
import { collect } from "./collect.ts";
import { REFERENCE_RUN, trainedRuns } from "./grid.ts";
import { preferenceStage } from "./preferences.ts";
import { PRESETS } from "./presets.ts";
import type { SentimentSettings } from "./settings.ts";

const DEFINITION: StudyDefinition<SentimentSettings> = {
  name: "sentiment",
  presets: PRESETS,
  defaultPreset: "quick",
  // Policies begin as the language model, which preferences are sampled from.
  reference: BACKBONE,
  referenceRun: REFERENCE_RUN,
  trainedRuns,
  commonStages: (parts) => [
    backboneStage(parts.source, parts.settings.backbone),
    completionStage(parts, parts.settings.preferences),
    preferenceStage(parts),
    rewardModelStage(parts),
    referenceLogpsStage(parts),
    enumerationStage(),
  ],
  collect,
};

/** `--experiment sentiment`. */
export const SENTIMENT: Experiment = policyExperiment(DEFINITION);

/** `preflab tune --experiment sentiment`. */
export const SENTIMENT_TUNING: Experiment = tuningExperiment(DEFINITION);
