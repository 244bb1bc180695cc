/** Prompts to sample completions for, the order in which a run sees them, and what is scored of both. */

import { type Completion, RandomStream, shuffled } from "@preflab/lm";
import type { RewardInput } from "../scoring/reward-function.ts";

/** A prompt. */
export interface PolicyPrompt {
  /** At least one. */
  readonly ids: readonly number[];
  /** Null where there is no tokenizer. */
  readonly text: string | null;
}

/** What reward functions get to see of a completion. @param group the prompts it was sampled among */
export function rewardInput(group: readonly PolicyPrompt[], completion: Completion): RewardInput {
  const prompt = group[completion.prompt] as PolicyPrompt;
  return {
    promptIds: prompt.ids,
    completionIds: completion.ids,
    prompt: prompt.text,
    completion: completion.text,
  };
}

/** Prompts by step. */
export interface PromptOrder {
  /** Indices of the prompts of a step. @param step from 1 */
  at(step: number): number[];
}

/**
 * The same number of prompts at every step, from one random order of all after the other: a function
 * of seed and step alone.
 * @param count of all prompts
 * @throws Error for sizes below 1
 */
export function promptOrder(count: number, perStep: number, seed: number): PromptOrder {
  for (const [name, size] of Object.entries({ count, perStep })) {
    if (Number.isSafeInteger(size) && size >= 1) continue;
    throw new Error(`promptOrder: expected ${name} to be at least 1, got ${size}.`);
  }
  const all = Array.from({ length: count }, (_, i) => i);
  let known: { readonly round: number; readonly order: readonly number[] } | undefined;
  const orderOf = (round: number) => {
    if (known?.round !== round) {
      known = { round, order: shuffled(all, new RandomStream(seed, `prompts/${round}`)) };
    }
    return known.order;
  };
  return {
    at: (step) =>
      Array.from({ length: perStep }, (_, i) => {
        const place = (step - 1) * perStep + i;
        return orderOf(Math.floor(place / count))[place % count] as number;
      }),
  };
}
