/** Scores of rows by a reward model or classifier, in input order and bounded memory. */
import { setImmediate } from "node:timers/promises";
import { CheckpointError, loadModel, type ModelConfig, openModel, resolveModel } from "@preflab/lm";
import {
  type ClassifierOptions,
  classifierReward,
  learnedReward,
  loadRewardModel,
  type RewardFunction,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { UsageError } from "../errors.ts";
import { groupsOf } from "./batches.ts";
import { ModelTokenizer } from "./model.ts";
import { modelPlace } from "./model-place.ts";
import type { RewardRow } from "./reward-rows.ts";

/** How a model is scored with. */
export interface ScoringOptions extends Partial<Pick<ClassifierOptions, "label" | "output">> {
  /** Most rows computed together. */
  readonly batchSize: number;
}

/** A model that scores, with its tokenizer. */
export interface ScoringModel {
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  readonly reward: RewardFunction;
  dispose(): void;
}

/** Tokens of a group: enough to find rows of like lengths, few enough to show progress. */
const GROUP_TOKENS = 32_768;

/** Tokens that a row counts for at least, which bounds the rows of a group. */
const ROW_WEIGHT = 32;

/**
 * Loads a reward model, whose scores are normalised, or a classifier, one of whose labels is scored.
 * @param name a folder, or `ORG/NAME` of a downloaded model
 * @throws CheckpointError for language models
 * @throws UsageError when options and labels do not fit
 */
export async function loadScoringModel(
  name: string,
  options: ScoringOptions,
): Promise<ScoringModel> {
  const { path } = await resolveModel(await modelPlace(name));
  const { config, close } = await openModel(path);
  await close();
  const { labels, position, maxPositions } = config;
  if (labels === undefined) {
    throw new CheckpointError(
      `${path}: expected a reward model or a classifier, got a language model. Make a reward model ` +
        "of it with preflab reward.",
    );
  }
  checkLabel(labels, options);
  const maxLength = position.kind === "learned" ? maxPositions : Number.POSITIVE_INFINITY;
  const limits = { batchSize: options.batchSize, maxLength };
  const model = labels === 1 ? await loadRewardModel(path) : await loadModel(path);
  const { label = 0, output = "probability" } = options;
  const reward =
    "normalization" in model
      ? learnedReward(model, limits)
      : classifierReward(model, { ...limits, label, output });
  return {
    config,
    tokenizer: await ModelTokenizer.load(path),
    reward,
    dispose: () => {
      reward.dispose?.();
      dispose({ ...model.params });
    },
  };
}

function checkLabel(labels: number, { label, output }: ScoringOptions): void {
  if (labels === 1) {
    const given = label === undefined ? output && "--output" : "--label";
    if (given === undefined) return;
    throw new UsageError(
      `${given}: expected a model of several labels, got a reward model of one.`,
    );
  }
  if (label !== undefined && label < labels) return;
  throw new UsageError(
    `--label: expected one of the model's labels, 0 to ${labels - 1}, got ${label ?? "none"}.`,
  );
}

/** The scores of rows, in their order. @param signal once aborted, its reason is thrown */
export async function* rewardScoresOf(
  { reward }: Pick<ScoringModel, "reward">,
  rows: AsyncIterable<RewardRow>,
  signal: AbortSignal,
): AsyncGenerator<number> {
  const weight = ({ ids }: RewardRow) => Math.max(ids.length, ROW_WEIGHT);
  for await (const group of groupsOf(rows, GROUP_TOKENS, weight)) {
    // Backends that compute in JavaScript let no signal through otherwise.
    await setImmediate();
    signal.throwIfAborted();
    const texts = group.map(({ ids }) => ({
      ...{ promptIds: [], completionIds: ids },
      ...{ prompt: null, completion: null },
    }));
    yield* Array.from(await reward.score(texts, signal));
  }
}
