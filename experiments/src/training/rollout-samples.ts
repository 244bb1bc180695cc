/** Completions as lines of samples.jsonl. Pure. */
import type { RewardInput, StepRollouts } from "@preflab/rlhf";
import type { Sample } from "./samples.ts";

/** What a line says of any completion. */
export function completionSample(
  { prompt, completion, promptIds, completionIds }: RewardInput,
  finished: boolean,
): Record<string, unknown> {
  return {
    ...{ prompt, text: completion, finished },
    promptIds: Array.from(promptIds),
    ids: Array.from(completionIds),
  };
}

/** Lines for the first completions that a step has learned from, with their scores. */
export function rolloutSamples(
  { step, samples, rawScores }: StepRollouts,
  count: number,
): Sample[] {
  return samples.rollouts.slice(0, count).map((rollout, i) => {
    const line = completionSample(rollout, samples.finished[i] ?? false);
    return { step, part: "train", ...line, score: rawScores[i] };
  });
}
