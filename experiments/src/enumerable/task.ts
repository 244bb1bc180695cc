/**
 * A task whose every completion can be listed: a two-layer model over five tokens, two prompts of
 * different lengths, and a reward that is a sum over neighbouring tokens plus a little noise. The
 * reference is a random model with weights large enough that its distributions are far from even.
 */

import {
  fullPolicy,
  initialParameters,
  type ModelConfig,
  type Params,
  RandomStream,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import {
  CheckedReward,
  functionReward,
  type MethodInputs,
  type RewardFunction,
} from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import { enumerated } from "./enumerate.ts";
import { divergence, limitReward, optimum, type PerString, pointOf } from "./exact.ts";
import { END, LONGEST, STRINGS, stringNumber, VOCABULARY } from "./strings.ts";

/** Architecture of policy and reference. */
const CONFIG: ModelConfig = {
  family: "gpt2",
  vocabSize: VOCABULARY,
  width: 16,
  layers: 2,
  heads: 2,
  kvHeads: 2,
  headWidth: 8,
  mlpWidth: 32,
  maxPositions: 16,
  norm: { kind: "layer", eps: 1e-5 },
  residual: "sequential",
  sharedNorm: false,
  mlp: { kind: "plain", activation: "gelu" },
  position: { kind: "learned" },
  slidingWindow: null,
  biases: { qkv: true, attentionOut: true, mlp: true },
  qkNorm: false,
  tiedEmbeddings: false,
  scores: { scaleByInverseLayer: false },
  specialIds: { bos: null, eos: END, pad: null },
};

/** Prompts, which differ in length so that padding is at work. */
export const PROMPTS: readonly (readonly number[])[] = [[1], [3, 2]];
/** Most tokens of a prompt and a completion. */
export const MAX_LENGTH = 2 + LONGEST;
/** Weight of the divergence: with it the best policy is about half a nat from the reference. */
export const BETA = 1;

/** Fresh weights times this make distributions of about 1.2 nats over the five tokens. */
const SHARPENING = 15;
/** Score of two neighbouring tokens: even between minus and plus this. */
const PAIR_SCORE = 0.75;
/** The same of what is added to a completion's reward, which no small model can learn. */
const NOISE = 0.1;
/** Milliseconds that looking up rewards may take on a busy machine. */
const PATIENCE = 60_000;
/** Bound of the rounding of sums over all completions in float64. */
export const ROUNDING = 1e-9;

/** The task of one seed. */
export interface Task {
  readonly config: ModelConfig;
  readonly prompts: readonly (readonly number[])[];
  /** Frozen. */
  readonly reference: Params;
  readonly referenceLogps: PerString;
  /** Of every completion. */
  readonly rewards: PerString;
  /** The same as a function of texts. */
  readonly reward: RewardFunction;
  /** Reward of a completion of a prompt, by number. */
  rewardOf(prompt: number, ids: ArrayLike<number>): number;
  /** Number of a prompt. @throws Error for other ids */
  promptNumber(ids: ArrayLike<number>): number;
  /** A policy that starts as the reference; the caller disposes its variables. */
  policy(): TrainablePolicy;
  dispose(): void;
}

/** The task of a seed: reference and reward are drawn anew. */
export async function enumerableTask(seed: number): Promise<Task> {
  const reference = sharpParameters(CONFIG, seed);
  const rewards = drawRewards(seed);
  const rewardOf = (prompt: number, ids: ArrayLike<number>) =>
    rewards[prompt]?.[stringNumber(ids)] as number;
  return {
    config: CONFIG,
    prompts: PROMPTS,
    reference,
    referenceLogps: await enumerated({ config: CONFIG, params: reference }, PROMPTS),
    rewards,
    reward: functionReward("table", ({ promptIds, completionIds }) => {
      return rewardOf(promptNumber(promptIds), completionIds);
    }),
    rewardOf,
    promptNumber,
    policy: () => fullPolicy(CONFIG, trainableParameters(reference)),
    dispose: () => tf.dispose(Object.values(reference)),
  };
}

/** Random parameters of distributions that are far from even. The caller disposes them. */
export function sharpParameters(config: ModelConfig, seed: number): Params {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(initialParameters(config, seed)).map(([name, tensor]) => [
        name,
        name.endsWith(".gain") ? tensor : tf.mul(tensor, SHARPENING),
      ]),
    ),
  );
}

/** What methods that sample are given. */
export function methodInputs({ config, prompts, reward, reference }: Task): MethodInputs {
  return {
    prompts: prompts.map((ids) => ({ ids, text: null })),
    reward: new CheckedReward(reward, { timeoutMs: PATIENCE }),
    decode: null,
    reference: { config, params: reference },
  };
}

/** The exact policy of a model in training, as it is now. */
export function currentLogps(
  task: Task,
  policy: TrainablePolicy,
  temperature = 1,
): Promise<PerString> {
  const { config, prompts } = task;
  return enumerated({ config, params: policy.variables }, prompts, temperature);
}

/** How far a policy is from the best one for a weight of the divergence, nats. */
export function distanceToOptimum(task: Task, logps: PerString, beta: number): number {
  return divergence(logps, optimum(task.referenceLogps, task.rewards, beta).logps);
}

/** How far a policy's reward is below the largest one at its divergence; negative above it. */
export function gapToLimit({ referenceLogps, rewards }: Task, logps: PerString): number {
  const { reward, kl } = pointOf(logps, referenceLogps, rewards);
  return limitReward(referenceLogps, rewards, kl) - reward;
}

function promptNumber(ids: ArrayLike<number>): number {
  const text = Array.from(ids).join();
  const number = PROMPTS.findIndex((prompt) => prompt.join() === text);
  if (number < 0) throw new Error(`enumerableTask: expected a prompt of the task, got ${text}.`);
  return number;
}

function drawRewards(seed: number): PerString {
  const pairs = new RandomStream(seed, "enumerable/pairs");
  const noise = new RandomStream(seed, "enumerable/noise");
  const even = (random: RandomStream, bound: number) => bound * (2 * random.uniform() - 1);
  const table = Array.from({ length: VOCABULARY ** 2 }, () => even(pairs, PAIR_SCORE));
  return PROMPTS.map((prompt) =>
    Float64Array.from(STRINGS, (ids) => {
      let [reward, before] = [even(noise, NOISE), prompt.at(-1) as number];
      for (const id of ids) {
        reward += table[before * VOCABULARY + id] as number;
        before = id;
      }
      return reward;
    }),
  );
}
