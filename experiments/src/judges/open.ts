/**
 * Opens judges from settings, for commands that have no task. Gold scores belong to the tasks of
 * experiments, which make such judges themselves.
 */
import {
  CheckpointError,
  ConfigError,
  type OptionReader,
  openModel,
  resolveModel,
} from "@preflab/lm";
import { modelPlace } from "../inference/model-place.ts";
import { rewardRows } from "../inference/reward-rows.ts";
import { loadScoringModel, rewardScoresOf, type ScoringModel } from "../inference/reward-scores.ts";
import type { JsonlRow } from "../jsonl.ts";
import type { ChatOptions } from "./endpoint/chat-client.ts";
import { endpointJudge } from "./endpoint/endpoint-judge.ts";
import type { Judge } from "./judge.ts";
import { learnedJudge, type ScoredReply } from "./score-judges.ts";
import { type JudgeSettings, readJudgeSettings } from "./settings.ts";

/** Settings of judges that need no task. */
export type OpenJudgeSettings = Exclude<JudgeSettings, { readonly kind: "gold" }>;

/** A judge and what it holds. */
export interface OpenJudge {
  readonly judge: Judge;
  /** Whether prompts that are conversations are nothing that it has learned to read. */
  readonly readsTextsOnly: boolean;
  /** Frees its weights, if it has read any. */
  dispose(): void;
}

/** Most replies scored together. */
const BATCH_SIZE = 16;

/** As {@link readJudgeSettings}. @throws ConfigError, for gold scores too */
export function readOpenJudgeSettings(reader: OptionReader, key: string): OpenJudgeSettings {
  const settings = readJudgeSettings(reader, key);
  if (settings.kind !== "gold") return settings;
  throw new ConfigError(
    `${key}: expected kind learned or endpoint, got gold. Only the tasks of experiments have gold ` +
      "scores.",
    [key, "kind"],
  );
}

/**
 * Opens a judge. A learned one reads its weights when it is first asked, so that they need not be in
 * memory before.
 * @param options of judges that ask a service
 * @throws ConfigError without the key that a service needs
 * @throws CheckpointError when the folder of a learned judge is no reward model
 */
export async function openJudge(
  settings: OpenJudgeSettings,
  options: ChatOptions = {},
): Promise<OpenJudge> {
  switch (settings.kind) {
    case "endpoint":
      return { judge: endpointJudge(settings, options), readsTextsOnly: false, dispose: () => {} };
    case "learned": {
      const { path, rule } = settings;
      await requireRewardModel(path);
      let model: ScoringModel | null = null;
      const score = async (replies: readonly ScoredReply[], signal: AbortSignal) => {
        model ??= await loadScoringModel(path, { batchSize: BATCH_SIZE });
        return scoresOf(model, replies, signal);
      };
      const judge = learnedJudge(path, rule, score);
      return { judge, readsTextsOnly: true, dispose: () => model?.dispose() };
    }
  }
}

async function requireRewardModel(name: string): Promise<void> {
  const { path } = await resolveModel(await modelPlace(name));
  const { config, close } = await openModel(path);
  await close();
  const { labels } = config;
  if (labels === 1) return;
  const got = labels === undefined ? "a language model" : `a classifier of ${labels} labels`;
  throw new CheckpointError(
    `${path}: expected a reward model to judge with, got ${got}. Make one with preflab reward.`,
  );
}

/** Scores texts as in training: with the end-of-text token after every reply. */
async function scoresOf(
  model: ScoringModel,
  replies: readonly ScoredReply[],
  signal: AbortSignal,
): Promise<number[]> {
  const rows = async function* (): AsyncGenerator<JsonlRow> {
    for (const [i, { prompt, reply }] of replies.entries()) {
      const where = `reply ${i % 2 === 0 ? "A" : "B"} of pair ${Math.floor(i / 2) + 1}`;
      yield { value: { prompt, completion: reply }, where };
    }
  };
  // Rows that are made here have no unknown keys to warn of.
  const texts = rewardRows(rows(), model, { err: () => {} });
  const scores: number[] = [];
  for await (const score of rewardScoresOf(model, texts, signal)) scores.push(score);
  return scores;
}
