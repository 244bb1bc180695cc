/** Preferences of the task's completions: pairs of the reference, labelled as Bradley and Terry say. */

import type { TokenizedPair } from "@preflab/data";
import { type DpoInputs, knownReference, pairPreferences } from "@preflab/dpo";
import { RandomStream } from "@preflab/lm";
import { STRINGS } from "./strings.ts";
import type { Task } from "./task.ts";

/** How many pairs are drawn and how often each is labelled. */
export interface PopulationOptions {
  /** Different draws of two completions, over all prompts. */
  readonly pairs: number;
  /** Labels of one draw: examples of it, in either order, one after the other. */
  readonly labels: number;
  readonly seed: number;
}

/**
 * Pairs of the reference's completions. Of a pair's labels, the share that prefers the first is its
 * probability `1 / (1 + exp(r2 - r1))`, rounded up or down at random so that it is right on average:
 * labels as of a whole population, with little of the noise of single ones. Trained on in this order,
 * a pair's labels meet in one batch, where at the best policy their gradients cancel.
 */
export function populationPreferences(
  task: Task,
  { pairs, labels, seed }: PopulationOptions,
): DpoInputs {
  const random = new RandomStream(seed, "enumerable/preferences");
  const examples: TokenizedPair[] = [];
  const logps: number[] = [];
  const add = (prompt: number, chosen: number, rejected: number) => {
    const own = task.referenceLogps[prompt] as Float64Array;
    examples.push({
      promptIds: task.prompts[prompt] as readonly number[],
      chosenIds: STRINGS[chosen] as readonly number[],
      rejectedIds: STRINGS[rejected] as readonly number[],
    });
    logps.push(own[chosen] as number, own[rejected] as number);
  };
  const cumulative = task.referenceLogps.map(cumulated);
  for (let pair = 0; pair < pairs; pair++) {
    const prompt = pair % task.prompts.length;
    const draw = () => drawn(cumulative[prompt] as Float64Array, random.uniform());
    const first = draw();
    let second = draw();
    while (second === first) second = draw();
    const rewards = task.rewards[prompt] as Float64Array;
    const margin = (rewards[first] as number) - (rewards[second] as number);
    const wins = Math.floor(labels / (1 + Math.exp(-margin)) + random.uniform());
    for (let label = 0; label < labels; label++) {
      if (label < wins) add(prompt, first, second);
      else add(prompt, second, first);
    }
  }
  const reference = knownReference(Float32Array.from(logps), 2);
  return { preferences: pairPreferences(examples), reference, inOrder: true };
}

/** Probability of every completion and those before it. */
function cumulated(logps: Float64Array): Float64Array {
  let sum = 0;
  return logps.map((logp) => {
    sum += Math.exp(logp);
    return sum;
  });
}

/** Number of the completion that a number in `[0, 1)` falls on. */
function drawn(cumulative: Float64Array, uniform: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] as number) > uniform) high = middle;
    else low = middle + 1;
  }
  return low;
}
