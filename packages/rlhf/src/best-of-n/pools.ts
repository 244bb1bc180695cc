/**
 * Pools of completions to choose from: several for each prompt, with the scores that they are chosen
 * by and those that are measured. Group after group, so that memory does not grow with the number of
 * prompts. What pools say of best-of-n is in ./summary.ts.
 */

import type { Completion, GenerateOptions, Generator } from "@preflab/lm";
import { type PolicyPrompt, rewardInput } from "../rollouts/prompts.ts";
import type { CheckedReward } from "../scoring/checked-reward.ts";

/** What is sampled for, and scored by. */
export interface PoolInputs {
  readonly prompts: readonly PolicyPrompt[];
  /** What completions are chosen by. */
  readonly proxy: CheckedReward;
  /** What is measured besides; null for nothing. Each completion is one query of it. */
  readonly gold: CheckedReward | null;
}

/** How pools are sampled. */
export interface PoolOptions {
  /** `samples`: completions of a pool. At the temperature 0 they would all be the same. */
  readonly generation: Omit<GenerateOptions, "firstPrompt"> &
    Required<Pick<GenerateOptions, "samples" | "temperature">>;
  /** Prompts of a group. */
  readonly promptsAtOnce: number;
  /** Prompts that were done before; default 0. What others draw does not depend on it. */
  readonly done?: number;
}

/** The completions of a prompt. */
export interface Pool {
  /** Index of the prompt. */
  readonly prompt: number;
  /** N of them, independent of each other. */
  readonly completions: readonly Completion[];
  /** `[N]` */
  readonly proxy: Float64Array;
  /** `[N]` */
  readonly gold: Float64Array | null;
}

/**
 * The pools of all prompts, in their order, one group at a time.
 * @param generator of the policy; one of a model in training serves as well
 * @throws RewardError for scores that cannot be used, and the reason of the signal once it is
 *   aborted; groups before that are complete
 */
export async function* samplePools(
  generator: Pick<Generator, "generate">,
  { prompts, proxy, gold }: PoolInputs,
  { generation, promptsAtOnce, done = 0 }: PoolOptions,
): AsyncGenerator<readonly Pool[]> {
  const { samples, signal } = generation;
  for (let first = done; first < prompts.length; first += promptsAtOnce) {
    const group = prompts.slice(first, first + promptsAtOnce);
    const ids = group.map((prompt) => prompt.ids);
    const completions = await generator.generate(ids, { ...generation, firstPrompt: first });
    const inputs = completions.map((completion) => rewardInput(group, completion));
    const proxyScores = await proxy.score(inputs);
    signal?.throwIfAborted();
    const goldScores = gold && (await gold.score(inputs));
    signal?.throwIfAborted();
    yield group.map((_, i) => {
      const [from, to] = [i * samples, (i + 1) * samples];
      return {
        prompt: first + i,
        completions: completions.slice(from, to),
        proxy: proxyScores.slice(from, to),
        gold: goldScores?.slice(from, to) ?? null,
      };
    });
  }
}
