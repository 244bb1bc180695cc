/**
 * Compares models on prompts: the completions of each, one model after the other, and what a judge
 * says of the first model's against those of each other. Nothing is printed here.
 */
import type { Finish } from "@preflab/lm";
import { generateRows, type SamplingOptions } from "../inference/generate-rows.ts";
import { loadTextModel } from "../inference/model.ts";
import type { Io } from "../io.ts";
import type { Judge, Judgement } from "../judges/judge.ts";
import { type WinRate, winRate } from "../judges/statistics/win-rate.ts";
import { progressTo } from "../output.ts";
import { type ComparePrompt, modelPrompts, textOf } from "./prompts.ts";

/** Most new tokens where nobody says, and models have the room. */
const MOST_NEW_TOKENS = 256;

/** A model to compare. */
export interface ComparedModel {
  readonly name: string;
  readonly path: string;
}

/** What a model made of a prompt. */
export interface ModelCompletion {
  readonly text: string;
  readonly finish: Finish;
}

/** A judge's word on the first model's completion against another's. */
export interface PairJudgement extends Judgement {
  readonly model: string;
  readonly rival: string;
}

/** A prompt and what was made of it. */
export interface ComparedRow {
  readonly prompt: ComparePrompt["content"];
  /** By the name of the model, in the order of the models. */
  readonly completions: Readonly<Record<string, ModelCompletion>>;
  /** One per rival; null before there is a judge's word. */
  readonly judgements: readonly PairJudgement[] | null;
}

/** How often the first model's completions are better than a rival's. */
export interface PairWinRate extends WinRate {
  readonly model: string;
  readonly rival: string;
}

/** How completions are drawn. */
export interface CompareOptions
  extends Omit<SamplingOptions, "samples" | "signal" | "endIds" | "maxNewTokens"> {
  /** Missing for 256, or as many as a model has room for after the longest prompt. */
  readonly maxNewTokens?: number;
}

/**
 * Generates all completions. Only one model is in memory at a time; all draw the same random numbers.
 * @param options of sampling; `samples` is 1
 */
export async function completionsOf(
  models: readonly ComparedModel[],
  prompts: readonly ComparePrompt[],
  options: CompareOptions,
  io: Io,
): Promise<readonly ComparedRow[]> {
  const completions = prompts.map((): Record<string, ModelCompletion> => ({}));
  const progress = progressTo(io);
  for (const { name, path } of models) {
    io.signal.throwIfAborted();
    const model = await loadTextModel(path);
    try {
      const { rows, endIds } = await modelPrompts(
        prompts,
        model,
        name,
        options.maxNewTokens ?? 1,
        io,
      );
      const longest = Math.max(...rows.map(({ ids }) => ids.length));
      // The last new token is never read.
      const room = model.config.maxPositions - longest + 1;
      const maxNewTokens = options.maxNewTokens ?? Math.min(MOST_NEW_TOKENS, room);
      const sampling = { ...options, maxNewTokens, samples: 1, endIds, signal: io.signal };
      let done = 0;
      for await (const { text, finish } of generateRows(model, rows, sampling)) {
        const row = completions[done++] as Record<string, ModelCompletion>;
        row[name] = { text: text ?? "", finish };
        progress(`${name}: ${done} of ${prompts.length} completions done`);
      }
    } finally {
      model.dispose();
    }
  }
  return prompts.map(({ content: prompt }, i) => {
    return { prompt, completions: completions[i] ?? {}, judgements: null };
  });
}

/** Asks a judge about the first model against each other, all prompts of a rival together. */
export async function judged(
  rows: readonly ComparedRow[],
  [first, ...rivals]: readonly ComparedModel[],
  judge: Judge,
  signal: AbortSignal,
): Promise<readonly ComparedRow[]> {
  const model = first?.name ?? "";
  const textBy = ({ completions }: ComparedRow, name: string) => completions[name]?.text ?? "";
  const found = rows.map((): PairJudgement[] => []);
  for (const { name: rival } of rivals) {
    const pairs = rows.map((row) => ({
      prompt: textOf({ content: row.prompt }),
      reply: textBy(row, model),
      rival: textBy(row, rival),
    }));
    const judgements = await judge.compare(pairs, signal);
    judgements.forEach((judgement, i) => {
      found[i]?.push({ model, rival, ...judgement });
    });
  }
  return rows.map((row, i) => ({ ...row, judgements: found[i] ?? [] }));
}

/** The win rates of the first model against each other; none without judgements. */
export function winRatesOf(rows: readonly ComparedRow[]): readonly PairWinRate[] {
  return (rows[0]?.judgements ?? []).map(({ model, rival }, k) => {
    const judgements = rows.flatMap((row) => row.judgements?.[k] ?? []);
    return {
      ...{ model, rival },
      ...winRate(
        judgements,
        judgements.map((_, i) => i),
      ),
    };
  });
}
