/**
 * The reward function of a run: found, checked and hashed first, its weights read when all else is
 * well, as with the model that is trained.
 */
import { readFile } from "node:fs/promises";
import {
  ConfigError,
  loadModel,
  type ModelConfig,
  openModel,
  type Params,
  resolveModel,
} from "@preflab/lm";
import {
  CheckedReward,
  classifierReward,
  httpReward,
  learnedReward,
  lexiconReward,
  loadRewardModel,
  onTrunk,
  parseLexicon,
  type ReferenceModel,
  RewardError,
  type RewardFunction,
  SCORE_HEAD,
  type ScorerOptions,
  type TrunkReward,
  trunkReward,
} from "@preflab/rlhf";
import { dispose } from "@tensorflow/tfjs-core";
import { ModelTokenizer } from "../inference/model.ts";
import { type Fingerprint, fingerprint, fingerprintOfModel } from "./fingerprint.ts";
import { moduleReward } from "./reward-module.ts";
import { type RewardSettings, resolvedHeaders } from "./reward-settings.ts";
import type { TrainingModel } from "./training-model.ts";
import { vocabularyProblem } from "./vocabulary.ts";

/** How a reward function is asked. */
export interface RewardUse extends ScorerOptions {
  /** Queries that the run has made before. Default 0. */
  readonly queries?: number;
}

/** A reward function whose weights have not been read yet. */
export interface RewardSource {
  /** Key of its settings, such as `reward`. */
  readonly key: string;
  readonly settings: RewardSettings;
  /** Hash of its files, of a module only of the one that is named; null of a service. */
  readonly fingerprint: Fingerprint | null;
  /** Architecture and tokenizer, where there is a model. */
  readonly model: Pick<TrainingModel, "config" | "tokenizer"> | null;
  /**
   * Reads what it needs.
   * @param use `batchSize` and `maxLength` are those of models
   */
  open(use: RewardUse): Promise<CheckedReward>;
  /**
   * The same beside a reference, which comes back with the reward model if both have the same trunk:
   * its parameters are then in memory once, and one pass over rollouts serves both.
   * @param reference stays the caller's and must outlive the reward
   */
  openBeside(
    reference: ReferenceModel,
    use: RewardUse,
  ): Promise<{ readonly reward: CheckedReward; readonly reference: ReferenceModel }>;
}

/**
 * Finds the reward function of settings.
 * @throws CheckpointError, RewardError, ConfigError or an error of the file system when it is not
 *   there or cannot be used
 */
export async function findReward(key: string, settings: RewardSettings): Promise<RewardSource> {
  const { timeoutMs } = settings;
  const source = await sourceOf(key, settings);
  const checked = (reward: RewardFunction, { queries = 0 }: RewardUse) =>
    new CheckedReward(reward, { timeoutMs, queries });
  return {
    ...{ key, settings, fingerprint: source.fingerprint, model: source.model ?? null },
    open: async (use) => checked(await source.open(use, null), use),
    openBeside: async (reference, use) => {
      const reward = await source.open(use, reference);
      const isOnTrunk = settings.kind === "model" && "tell" in reward;
      return {
        reward: checked(reward, use),
        reference: isOnTrunk ? { ...reference, reward } : reference,
      };
    },
  };
}

/**
 * Checks a reward function against the model whose completions it is to score.
 * @param maxLength longest prompt and completion together, tokens
 * @throws ConfigError for another vocabulary, too few positions or labels, and texts that are missing
 */
export function checkReward(
  { key, settings, model }: RewardSource,
  policy: Pick<TrainingModel, "config" | "tokenizer">,
  maxLength: number,
): void {
  if (settings.kind === "lexicon" && policy.tokenizer.found === null) {
    throw new ConfigError(
      `${key}: expected a model with a tokenizer for a lexicon, which reads texts, got none. ` +
        policy.tokenizer.problem,
      [key, "kind"],
    );
  }
  if (model === null) return;
  const problem =
    vocabularyProblem(model, policy) ??
    labelProblem(settings, model.config) ??
    positionProblem(model.config, maxLength);
  if (problem !== null) throw new ConfigError(`${key}: ${problem}`, [key, "path"]);
}

interface Opening {
  readonly fingerprint: Fingerprint | null;
  readonly model?: RewardSource["model"];
  /** @param reference whose trunk a reward model may be on */
  readonly open: (
    options: ScorerOptions,
    reference: ReferenceModel | null,
  ) => Promise<RewardFunction | TrunkReward>;
}

async function sourceOf(key: string, settings: RewardSettings): Promise<Opening> {
  switch (settings.kind) {
    case "model":
      return modelSource(settings.path, async (path, options, reference) => {
        const model = await loadRewardModel(path);
        const shared = reference && onTrunk(model, reference);
        if (!shared) return owning(learnedReward(model, options), model.params);
        const { [SCORE_HEAD]: head } = shared.params;
        return owning(trunkReward(shared, options), { ...(head && { head }) });
      });
    case "classifier":
      return modelSource(settings.path, async (path, options) => {
        const model = await loadModel(path);
        return owning(classifierReward(model, { ...options, ...settings }), model.params);
      });
    case "lexicon": {
      const lexicon = await readLexicon(settings.path);
      const file = await fingerprint(settings.path);
      return { fingerprint: file, open: async () => lexiconReward(lexicon, settings) };
    }
    case "http": {
      const headers = resolvedHeaders(settings.headers, [key, "headers"]);
      const service = httpReward({ ...settings, headers, timeoutMs: settings.requestTimeoutMs });
      return { fingerprint: null, open: async () => service };
    }
    case "module": {
      const file = await fingerprint(settings.path);
      const reward = await moduleReward(settings.path);
      return { fingerprint: file, open: async () => reward };
    }
  }
}

async function modelSource(
  name: string,
  open: (path: string, ...rest: Parameters<Opening["open"]>) => ReturnType<Opening["open"]>,
): Promise<Opening> {
  const { path } = await resolveModel(name);
  const { config, close } = await openModel(path);
  await close();
  return {
    fingerprint: await fingerprintOfModel(path),
    model: { config, tokenizer: await ModelTokenizer.load(path) },
    open: (...rest) => open(path, ...rest),
  };
}

/** A function that frees the parameters that it reads as well. */
function owning<Reward extends RewardFunction>(reward: Reward, params: Params): Reward {
  return {
    ...reward,
    dispose: () => {
      reward.dispose?.();
      dispose({ ...params });
    },
  };
}

async function readLexicon(path: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(path, "utf8");
  try {
    return parseLexicon(text);
  } catch (error) {
    if (!(error instanceof RewardError)) throw error;
    throw new RewardError(`${path}: ${error.message}`, { cause: error });
  }
}

function labelProblem(settings: RewardSettings, { labels }: ModelConfig): string | null {
  if (settings.kind === "model" && labels !== 1) {
    return `expected a reward model, of one label, got ${describeLabels(labels)}.`;
  }
  if (
    settings.kind === "classifier" &&
    !(labels !== undefined && labels > 1 && settings.label < labels)
  ) {
    return `expected a classifier with a label ${settings.label}, got ${describeLabels(labels)}.`;
  }
  return null;
}

function describeLabels(labels: number | undefined): string {
  if (labels === undefined) return "a language model";
  return `a model of ${labels} ${labels === 1 ? "label" : "labels"}`;
}

function positionProblem(
  { position, maxPositions }: ModelConfig,
  maxLength: number,
): string | null {
  if (position.kind !== "learned" || maxPositions >= maxLength) return null;
  return (
    `expected a model of at least ${maxLength} positions, for prompts with their completions, got ` +
    `${maxPositions}. Take shorter ones.`
  );
}
