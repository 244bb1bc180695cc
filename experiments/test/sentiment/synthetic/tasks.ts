/** What the tests of the synthetic task share. */
import { RandomStream } from "@preflab/lm";
import type { Language } from "../../../src/sentiment/synthetic/language.ts";
import { type SyntheticTask, syntheticTask } from "../../../src/sentiment/synthetic/task.ts";

export const GRADED: SyntheticTask = syntheticTask("graded");
export const MICRO: SyntheticTask = syntheticTask("micro");

/** Sums of up to 3e4 float64 numbers in another order. */
export const ROUNDING = 9;

/** A correct estimate is further off once in 16000 times; seeds are fixed. */
export const STANDARD_ERRORS = 4;

/** Ids of words, BOS before them. */
export function idsOf(task: SyntheticTask, text: string): number[] {
  const { tokenizer, bosId } = task.vocabulary;
  return [bosId, ...tokenizer.encode(text, { addSpecialTokens: false })];
}

/** Independent texts. */
export function draw(
  language: Language,
  count: number,
  prompt: readonly number[] = [],
): number[][] {
  const stream = new RandomStream(1, "test/texts");
  return Array.from({ length: count }, () => [...prompt, ...language.sample(stream, prompt)]);
}

/** Mean of numbers with its standard error. */
export function estimate(numbers: readonly number[]): { mean: number; error: number } {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (numbers.length - 1) / numbers.length) };
}
