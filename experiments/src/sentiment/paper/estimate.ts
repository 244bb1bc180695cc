/**
 * What the paper's setting would take: a function of settings alone. Tokens are those that the stages
 * would use were all completions as long as they may be; hours rest on utilisations that are stated,
 * not measured.
 */

import {
  commonAssumptions,
  type EstimatedModel,
  estimateRow,
  type Machine,
  methodRows,
  weightBytes,
} from "../../policy/estimate/rows.ts";
import { evaluationWork, NO_WORK, sampledWork } from "../../policy/estimate/work.ts";
import type { PretrainedBackbone } from "../../policy/settings.ts";
import type { EstimateRow, StudyEstimate } from "../../study/estimate.ts";
import { studyRuns } from "../grid.ts";
import type { SentimentSettings } from "../settings.ts";

/** What an estimate is made from, beside the settings of the study. */
export interface EstimateInputs extends Pick<EstimatedModel, "name" | "shape"> {
  /** Tokens of all reviews that are learned from. */
  readonly reviewTokens: number;
  /** Prompts whose completions validate the reward model. */
  readonly validationPrompts: number;
}

const MACHINE: Machine = {
  ...{ name: "one A100 of 80 GB", memory: 80e9, peakFlops: 156e12 },
  numbers: "TensorFloat-32",
  ...{ training: 0.25, sampling: 0.03 },
};

/** RoBERTa-large as a classifier, whose head is next to nothing. */
const CLASSIFIER = { layers: 24, width: 1024, vocabulary: 0 };
const CLASSIFIER_BYTES = 1.42e9;
/** The data set as parquet files. */
const REVIEW_BYTES = 84e6;

/** All stages and runs of a study. */
export function estimateStudy(settings: SentimentSettings, inputs: EstimateInputs): StudyEstimate {
  const model: EstimatedModel = {
    ...{ ...inputs, machine: MACHINE, scorer: CLASSIFIER },
    sampledRows: settings.sampledRows,
  };
  const backbone = settings.backbone as PretrainedBackbone;
  const { prompts, completions } = settings.preferences;
  const length = backbone.maxLength;
  const weights = weightBytes(inputs.shape);
  const reading = { copies: 1, slots: null, texts: 0, length };
  const row = (parts: Parameters<typeof estimateRow>[2]) => estimateRow(model, length, parts);
  const pairs = prompts * ((completions * (completions - 1)) / 2);
  const rows = [
    row({
      ...{ name: "downloads", work: NO_WORK, residents: { ...reading, copies: 0 } },
      disk: weights + CLASSIFIER_BYTES + REVIEW_BYTES,
    }),
    row({
      ...{ name: "backbone", disk: weights },
      work: { ...NO_WORK, trainTokens: backbone.epochs * inputs.reviewTokens },
      residents: {
        ...{ copies: 1, slots: 2, length: backbone.textLength },
        texts: backbone.batchSize / backbone.microBatches,
      },
    }),
    row({
      ...{ name: "preferences", residents: reading, disk: 0 },
      // Of training and validation prompts.
      work: sampledWork((prompts + inputs.validationPrompts) * completions, settings),
    }),
    ...methodRows(model, settings, studyRuns(settings), pairs),
  ];
  return { assumptions: assumptionsOf(settings, model, inputs, rows), rows, judge: null };
}

function assumptionsOf(
  settings: SentimentSettings,
  model: EstimatedModel,
  { reviewTokens }: EstimateInputs,
  rows: readonly EstimateRow[],
): string[] {
  const { sampledTokens, goldTexts } = evaluationWork(settings);
  return [
    ...commonAssumptions(model, rows),
    "Completions are all as long as they may be; reviews have " +
      `${(reviewTokens / 1e6).toFixed(1)}M tokens.`,
    `An evaluation samples ${sampledTokens / settings.maxNewTokens} completions (${goldTexts} ` +
      "scores of the gold reward), half of them of validation prompts; those of the runs are in " +
      "their rows.",
    "The classifier's work counts as the same machine's (PREFLAB_GOLD_DEVICE=cuda, 1.4 GB more); on " +
      "a CPU of 1 TFLOP/s a thousand scores take about a minute.",
  ];
}
