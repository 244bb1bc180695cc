/** Inputs for tests of reward functions. */

import type { RewardInput } from "../../src/scoring/reward-function.ts";

/** A completion of texts, whose ids are the codes of its letters. */
export function textInput(prompt: string, completion: string): RewardInput {
  const codes = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
  return { prompt, completion, promptIds: codes(prompt), completionIds: codes(completion) };
}

/** A completion of token ids alone. */
export function idInput(promptIds: number[], completionIds: number[]): RewardInput {
  return { prompt: null, completion: null, promptIds, completionIds };
}

/** For functions that need none. */
export const NO_SIGNAL: AbortSignal = new AbortController().signal;
