/**
 * What the paper's setting would take: a function of settings alone. Tokens are those that the stages
 * would use were all texts as long as they may be; hours rest on utilisations that are stated, not
 * measured.
 */
import type { EndpointSettings } from "../../judges/settings.ts";
import { replyPolicies } from "../../policy/comparison/policies.ts";
import {
  commonAssumptions,
  type EstimatedModel,
  estimateRow,
  methodRows,
  weightBytes,
} from "../../policy/estimate/rows.ts";
import { NO_WORK, sampledWork, type Work } from "../../policy/estimate/work.ts";
import { allRuns } from "../../policy/experiment.ts";
import type { RunSpec } from "../../policy/methods/method.ts";
import { PREFERRED_FT } from "../../policy/stages/preferred-ft.ts";
import type { StudyEstimate } from "../../study/estimate.ts";
import { REFERENCE_RUN, trainedRuns } from "../grid.ts";
import type { DialogueSettings } from "../settings.ts";
import { judgedReplies, judgeEstimate } from "./judge-estimate.ts";
import type { PaperTask } from "./source.ts";

/** What an estimate is made from, beside the settings of the study. */
export interface EstimateInputs extends Pick<EstimatedModel, "name" | "shape" | "machine"> {
  readonly task: PaperTask;
  /** Pairs that are left to train on. */
  readonly pairs: number;
  readonly judge: EndpointSettings;
}

/** Gzipped transcripts, all of them. */
const DIALOGUE_BYTES = 90e6;
/** The same as JSON and ids, each several times. */
const TOKEN_BYTES = 2e9;

/** All stages and runs of a study. */
export function estimateStudy(settings: DialogueSettings, inputs: EstimateInputs): StudyEstimate {
  const { task, pairs, judge, ...described } = inputs;
  // The held-out judge is linear in words.
  const model: EstimatedModel = { ...described, scorer: null, sampledRows: settings.sampledRows };
  const { backbone, preferredFt, completions, evaluation } = settings;
  const length = backbone.maxLength;
  const weights = weightBytes(inputs.shape);
  const specs = allRuns({ trainedRuns, referenceRun: REFERENCE_RUN }, settings);
  const reading = { copies: 1, slots: null, texts: 0, length };
  const row = (parts: Parameters<typeof estimateRow>[2]) => estimateRow(model, length, parts);
  const rows = [
    row({
      ...{ name: "downloads", work: NO_WORK, residents: { ...reading, copies: 0 } },
      disk: weights + DIALOGUE_BYTES + TOKEN_BYTES,
    }),
    row({
      ...{ name: "backbone", residents: reading, disk: weights },
      work: { ...NO_WORK, readTokens: backbone.heldOut * length },
    }),
    row({
      ...{ name: "reference", disk: weights },
      work: { ...NO_WORK, trainTokens: preferredFt.epochs * pairs * length },
      residents: {
        ...{ copies: 1, slots: 2, length },
        texts: preferredFt.batchSize / (preferredFt.microBatches ?? 1),
      },
    }),
    row({
      ...{ name: "completions", residents: reading, disk: 0 },
      work: sampledWork(
        (completions.prompts + task.hh.most.prompts.validation) * completions.completions,
        settings,
      ),
    }),
    ...methodRows(model, settings, specs, pairs),
    row({
      ...{ name: "replies", work: repliesWork(settings, specs), disk: 0 },
      residents: { ...reading, copies: 2 },
    }),
  ];
  const asked = judgedReplies(settings, specs);
  return {
    rows,
    judge: judgeEstimate(settings, specs, task.hh, judge, task.judgedPairs),
    assumptions: [
      ...commonAssumptions(model, rows),
      `Texts are all as long as they may be: ${length} tokens with a prompt, ${settings.maxNewTokens} ` +
        `a reply; ${pairs} pairs are left to train on. The data's are a third of that.`,
      `The judge is asked about ${asked.training} replies of ${evaluation.prompts} prompts while ` +
        `training, ${asked.pool} that best-of-n chooses from, ${asked.finished} of finished policies ` +
        `and ${task.judgedPairs} pairs of people in both orders. Its prices are a setting ` +
        "(PREFLAB_JUDGE): check them.",
      "Tokenising, the held-out judge and waiting for the service are not counted.",
    ],
  };
}

/** Replies of finished policies, those that best-of-n chooses from read by the learned reward. */
function repliesWork(settings: DialogueSettings, specs: readonly RunSpec[]): Work {
  const { evaluation, comparison, maxNewTokens, backbone } = settings;
  if (!comparison) return NO_WORK;
  const policies = replyPolicies({ settings, reference: PREFERRED_FT }, specs);
  const warm = comparison.temperatures.filter((temperature) => temperature > 0).length;
  const cold = comparison.temperatures.length - warm;
  const best = policies.filter(({ mode }) => mode === "best-of-n").length;
  const chosenFrom = best * warm * comparison.bestOf;
  const perPrompt =
    policies.length * cold + (policies.length - best) * warm * comparison.samples + chosenFrom;
  return {
    ...NO_WORK,
    sampledTokens: evaluation.prompts * perPrompt * maxNewTokens,
    readTokens: evaluation.prompts * chosenFrom * backbone.maxLength,
    goldTexts: evaluation.prompts * perPrompt,
  };
}
