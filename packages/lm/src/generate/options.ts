/** What callers can ask of generation, with defaults and checks. */

import type { ModelConfig } from "../config.ts";

/** Settings of one call. */
export interface GenerateOptions {
  /** Most tokens generated per row, at least 1. */
  readonly maxNewTokens: number;
  /** 0 (default) takes the likeliest token; else the logits are divided by it. */
  readonly temperature?: number;
  /** Keep only so many of the likeliest tokens, at least 1. Default: all. */
  readonly topK?: number;
  /** Keep the likeliest tokens of together this probability, in `(0, 1]`. Default: 1. */
  readonly topP?: number;
  /** Keep tokens with at least this share of the highest probability, in `[0, 1]`. Default: 0. */
  readonly minP?: number;
  /** Above 1 makes tokens of the prompt and completion less likely. Default: 1. */
  readonly repetitionPenalty?: number;
  /**
   * Only ids below this are generated, in `[1, V]`: the size of the tokenizer's vocabulary, where the
   * model has rows for more. Default: V.
   */
  readonly vocabLimit?: number;
  /** Ids that are never generated, such as those that a tokenizer leaves out. */
  readonly bannedIds?: readonly number[];
  /** Completions per prompt, at least 1. Default: 1. */
  readonly samples?: number;
  /** Integer in `[0, 2^53)`. Default: 0. */
  readonly seed?: number;
  /**
   * Number of the first prompt in the random streams, default 0: prompt i draws from the streams of
   * `firstPrompt + i`, so a part of a larger list can be generated as it would be within it.
   */
  readonly firstPrompt?: number;
  /** Tokens that end a completion with finish "eos". Default: the config's; null for none. */
  readonly eos?: number | readonly number[] | null;
  /** Tokens that end a completion with finish "stop". */
  readonly stopIds?: readonly number[];
  /** Texts that end a completion with finish "stop". They need {@link decode}. */
  readonly stopStrings?: readonly string[];
  /** Text of token ids. With it, completions have a text. */
  readonly decode?: (ids: readonly number[]) => string;
  /** Called for every token as soon as it is known; within a step in order of the rows. */
  readonly onToken?: (token: GeneratedToken) => void;
  /**
   * Looked at before every step; once aborted, the call rejects with its reason. Tokens known by
   * then have gone to {@link onToken}.
   */
  readonly signal?: AbortSignal;
  /** Return the logits of every step. Default: false. */
  readonly stepLogits?: boolean;
}

/** A token of a completion in progress. */
export interface GeneratedToken {
  /** Index of the prompt in this call. */
  readonly prompt: number;
  /** Index among the prompt's samples. */
  readonly sample: number;
  readonly id: number;
  /** nats, of the model at temperature 1. */
  readonly logp: number;
  /** Why this token is the last of its completion, or null. */
  readonly finish: Finish | null;
}

/** Why a completion ended: an end-of-text token, the limit, or a stop token or string. */
export type Finish = "eos" | "length" | "stop";

/** A generated completion. */
export interface Completion {
  /** Index of the prompt in the call. */
  readonly prompt: number;
  /** Index among the prompt's samples. */
  readonly sample: number;
  /** New tokens, the one that ended the completion included. */
  readonly ids: readonly number[];
  /** Per token: log-probability under the model, nats; no temperature, filter, penalty or ban. */
  readonly logps: readonly number[];
  /** Per token: the same with the logits divided by the temperature; 0 at temperature 0. */
  readonly temperedLogps: readonly number[];
  readonly finish: Finish;
  /** Text without the token or string that ended it; null without `decode`. */
  readonly text: string | null;
  /** Per token: logits `[V]` of the model, if asked for. */
  readonly stepLogits: readonly Float32Array[] | null;
}

/** {@link GenerateOptions} with defaults filled in; filters that change nothing are null. */
export interface ResolvedOptions {
  readonly maxNewTokens: number;
  readonly temperature: number | null;
  readonly topK: number | null;
  readonly topP: number | null;
  readonly minP: number | null;
  readonly repetitionPenalty: number | null;
  readonly vocabLimit: number;
  readonly bannedIds: ReadonlySet<number>;
  readonly samples: number;
  readonly seed: number;
  readonly firstPrompt: number;
  readonly eos: ReadonlySet<number>;
  readonly stopIds: ReadonlySet<number>;
  readonly stopStrings: readonly string[];
  readonly decode: ((ids: readonly number[]) => string) | null;
  readonly onToken: ((token: GeneratedToken) => void) | null;
  readonly signal: AbortSignal | null;
  readonly stepLogits: boolean;
}

/** Checks options and fills in defaults. @throws Error naming the option and its range */
export function resolveOptions(config: ModelConfig, options: GenerateOptions): ResolvedOptions {
  const { temperature = 0, topK, topP = 1, minP = 0, repetitionPenalty = 1 } = options;
  const { maxNewTokens, samples = 1, firstPrompt = 0, stopStrings = [], decode } = options;
  requireCount("maxNewTokens", maxNewTokens, 1);
  requireCount("samples", samples, 1);
  requireCount("firstPrompt", firstPrompt, 0);
  if (topK !== undefined) requireCount("topK", topK, 1);
  requireThat(temperature >= 0 && Number.isFinite(temperature), "temperature", ">= 0", temperature);
  requireThat(topP > 0 && topP <= 1, "topP", "in (0, 1]", topP);
  requireThat(minP >= 0 && minP <= 1, "minP", "in [0, 1]", minP);
  const penaltyIsValid = repetitionPenalty > 0 && Number.isFinite(repetitionPenalty);
  requireThat(penaltyIsValid, "repetitionPenalty", "> 0", repetitionPenalty);
  if (stopStrings.length > 0 && !decode) {
    throw new Error(
      "generate: expected decode with stopStrings, got none. Pass a decode function.",
    );
  }
  requireThat(!stopStrings.includes(""), "stopStrings", "texts that are not empty", '""');
  const { vocabSize } = config;
  const { vocabLimit = vocabSize } = options;
  const bannedIds = idSet(options.bannedIds ?? null);
  requireVocabulary(vocabSize, vocabLimit, bannedIds);
  return {
    maxNewTokens,
    temperature: temperature === 0 ? null : temperature,
    topK: topK ?? null,
    topP: topP === 1 ? null : topP,
    minP: minP === 0 ? null : minP,
    repetitionPenalty: repetitionPenalty === 1 ? null : repetitionPenalty,
    vocabLimit,
    bannedIds,
    samples,
    seed: options.seed ?? 0,
    firstPrompt,
    eos: idSet(options.eos === undefined ? config.specialIds.eos : options.eos),
    stopIds: idSet(options.stopIds ?? null),
    stopStrings,
    decode: decode ?? null,
    onToken: options.onToken ?? null,
    signal: options.signal ?? null,
    stepLogits: options.stepLogits ?? false,
  };
}

/** @throws Error for ids that the model has not, and when none is left to generate */
function requireVocabulary(
  vocabSize: number,
  vocabLimit: number,
  bannedIds: ReadonlySet<number>,
): void {
  const isLimit = Number.isInteger(vocabLimit) && vocabLimit >= 1 && vocabLimit <= vocabSize;
  requireThat(isLimit, "vocabLimit", `an integer in [1, ${vocabSize}]`, vocabLimit);
  let banned = 0;
  for (const id of bannedIds) {
    const isId = Number.isInteger(id) && id >= 0 && id < vocabSize;
    requireThat(isId, "bannedIds", `ids in [0, ${vocabSize})`, id);
    if (id < vocabLimit) banned++;
  }
  requireThat(banned < vocabLimit, "bannedIds", "to leave an id to generate", `all ${banned}`);
}

function idSet(ids: number | readonly number[] | null): ReadonlySet<number> {
  if (ids === null) return new Set();
  return new Set(typeof ids === "number" ? [ids] : ids);
}

/** @throws Error unless `value` is an integer of at least `least` */
export function requireCount(name: string, value: number, least: number): void {
  requireThat(Number.isSafeInteger(value) && value >= least, name, `an integer >= ${least}`, value);
}

function requireThat(holds: boolean, name: string, expected: string, value: unknown): void {
  if (!holds) throw new Error(`generate: expected ${name} ${expected}, got ${value}.`);
}
