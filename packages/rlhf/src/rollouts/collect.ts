/** Completions that a policy samples in training, with their scores. */

import { liveGenerator, type TrainablePolicy } from "@preflab/lm";
import type { CheckedReward } from "../scoring/checked-reward.ts";
import type { RewardInput } from "../scoring/reward-function.ts";
import { type PolicyPrompt, promptOrder, rewardInput } from "./prompts.ts";

/** What is sampled for, and scored by. */
export interface RolloutInputs {
  readonly prompts: readonly PolicyPrompt[];
  readonly reward: CheckedReward;
  /** Text of ids, for reward functions that read texts; null where there is no tokenizer. */
  readonly decode: ((ids: readonly number[]) => string) | null;
}

/** How much is sampled. */
export interface CollectOptions {
  /** Completions of a step. */
  readonly completions: number;
  /** Completions of a prompt; divides {@link completions}. */
  readonly samplesPerPrompt: number;
  /** Longest completion, tokens. */
  readonly maxNewTokens: number;
  /** Of sampling, above 0. */
  readonly temperature: number;
  /** Longest prompt and completion together, tokens. */
  readonly maxLength: number;
  /** Of the prompts' order and of what is sampled. */
  readonly seed: number;
}

/** Completions of a step, those of a prompt next to each other. */
export interface Samples {
  readonly rollouts: readonly RewardInput[];
  /** Whether a completion ended by itself. */
  readonly finished: readonly boolean[];
}

/** Samples and scores. */
export interface Collector {
  /** A function of seed, step and the policy's weights. @param step from 1 */
  sample(step: number): Promise<Samples>;
  /** One number per completion. @throws RewardError, see `CheckedReward` */
  score(samples: Samples): Promise<Float64Array>;
  /** Frees programs and caches. */
  dispose(): void;
}

/**
 * A collector, whose policy's weights are read at every use.
 * @throws Error without prompts, or for one that is empty or leaves no room for completions
 */
export function rolloutCollector(
  policy: TrainablePolicy,
  { prompts, reward, decode }: RolloutInputs,
  options: CollectOptions,
): Collector {
  const { completions, samplesPerPrompt, maxNewTokens, temperature, seed } = options;
  checkPrompts(prompts, policy, options);
  const perStep = completions / samplesPerPrompt;
  const order = promptOrder(prompts.length, perStep, seed);
  const generator = liveGenerator(policy);
  const sample = async (step: number): Promise<Samples> => {
    const group = order.at(step).map((i) => prompts[i] as PolicyPrompt);
    const generated = await generator.generate(
      group.map(({ ids }) => ids),
      {
        ...{ maxNewTokens, temperature, seed, samples: samplesPerPrompt },
        ...(decode && { decode }),
        firstPrompt: (step - 1) * perStep,
      },
    );
    return {
      rollouts: generated.map((completion) => rewardInput(group, completion)),
      finished: generated.map(({ finish }) => finish !== "length"),
    };
  };
  const score = ({ rollouts }: Samples) => reward.score(rollouts);
  return { sample, score, dispose: () => generator.dispose() };
}

function checkPrompts(
  prompts: readonly PolicyPrompt[],
  { config: { position, maxPositions, vocabSize } }: TrainablePolicy,
  { maxNewTokens, maxLength }: CollectOptions,
): void {
  if (prompts.length === 0) {
    throw new Error("rollouts: expected at least one prompt, got none.");
  }
  const positions = position.kind === "learned" ? maxPositions : Number.POSITIVE_INFINITY;
  const longest = Math.min(maxLength, positions) - maxNewTokens;
  const unknown = prompts.findIndex(({ ids }) => ids.some((id) => id < 0 || id >= vocabSize));
  if (unknown >= 0) {
    throw new Error(
      `rollouts: expected prompts of ids below ${vocabSize}, the policy's vocabulary, got ` +
        `${prompts[unknown]?.ids} in prompt ${unknown}. Use the policy's tokenizer.`,
    );
  }
  const wrong = prompts.findIndex(({ ids }) => ids.length === 0 || ids.length > longest);
  if (wrong < 0) return;
  throw new Error(
    `rollouts: expected prompts of 1 to ${longest} tokens, which leave room for ${maxNewTokens} new ` +
      `ones, got ${prompts[wrong]?.ids.length} in prompt ${wrong}. Cut or drop it, or change ` +
      "maxLength or rollout.maxNewTokens.",
  );
}
