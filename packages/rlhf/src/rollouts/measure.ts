/** What models say of rollouts before an update, all in one pass. */

import {
  BATCH_PROGRAMS,
  batchesByLength,
  hiddenStatesAt,
  logpsAt,
  type ModelConfig,
  type Params,
  type PredictingStates,
  scoresAt,
  type TrainablePolicy,
} from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { lastTokens } from "../reward/reward-model.ts";
import type { TrunkReward } from "../scoring/trunk-reward.ts";
import {
  type Rollout,
  type RolloutTensors,
  rolloutLength,
  rolloutTensors,
  tokenNumbers,
} from "./rollouts.ts";

/** A frozen model. */
export interface ReferenceModel {
  readonly config: ModelConfig;
  readonly params: Params;
  /** Of a reward model on the same parameters: told its scores whenever rollouts are measured. */
  readonly reward?: TrunkReward;
}

/** Numbers of a policy per completion token, `[B, C]`; what is at padding means nothing. */
export interface PolicyScores {
  /** Log-probability at the sampling temperature, nats. */
  readonly logps: Tensor2D;
  /** Entropy of the distribution that the token is drawn from, nats. */
  readonly entropy: Tensor2D;
}

/** The same with those of a reference, at the same temperature. */
export interface ComparedScores extends PolicyScores {
  readonly referenceLogps: Tensor2D;
  /** KL(policy || reference) of the token's distribution, summed over the vocabulary, nats. */
  readonly kl: Tensor2D;
}

const COMPARED = ["logps", "entropy", "referenceLogps", "kl"] as const;

/** How rollouts become batches. */
export interface MeasureOptions {
  /** Rollouts computed together. */
  readonly batchSize: number;
  /** Most tokens of a text. */
  readonly maxLength: number;
  /** Of sampling; logits are divided by it. */
  readonly temperature: number;
}

/** Numbers per completion token by name, one row per rollout. */
export type Measured<Name extends string> = Readonly<Record<Name, readonly Float64Array[]>>;

/** Measures rollouts. */
export interface Meter<Name extends string> {
  measure(rollouts: readonly Rollout[]): Promise<Measured<Name>>;
  /** Frees the compiled programs. */
  dispose(): void;
}

/** States before the completion's tokens, in a graph. `[B * C, D]` */
export function completionStates(
  config: ModelConfig,
  params: Params,
  { ids, attentionMask, places }: RolloutTensors,
): Tensor2D {
  return hiddenStatesAt(config, params, ids, attentionMask, tf.reshape(places, [-1]));
}

/**
 * Log-probabilities of the completion's tokens alone, in a graph: cheaper than {@link policyScores}.
 * `[B, C]` nats
 */
export function policyLogps(
  policy: PredictingStates,
  { targets, mask }: RolloutTensors,
  temperature: number,
): Tensor2D {
  const { states, ...model } = tempered(policy, temperature);
  return tf.reshape(logpsAt(model, states, tf.reshape(targets, [-1])), mask.shape);
}

/** Scores of the completion's tokens, in a graph. @param states see {@link completionStates} */
export function policyScores(
  policy: PredictingStates,
  { targets, mask }: RolloutTensors,
  temperature: number,
): PolicyScores {
  const tokens: Tensor1D = tf.reshape(targets, [-1]);
  const { logps, entropy } = scoresAt(tempered(policy, temperature), tokens);
  return { logps: tf.reshape(logps, mask.shape), entropy: tf.reshape(entropy, mask.shape) };
}

/** The same beside those of a reference, from the states of both. */
function comparedScores(
  policy: PredictingStates,
  reference: PredictingStates,
  { targets, mask }: RolloutTensors,
  temperature: number,
): ComparedScores {
  const tokens: Tensor1D = tf.reshape(targets, [-1]);
  const own = tempered(policy, temperature);
  const other = tempered(reference, temperature);
  const { logps, entropy, kl } = scoresAt(own, tokens, other);
  const shaped = (numbers: Tensor1D): Tensor2D => tf.reshape(numbers, mask.shape);
  return {
    logps: shaped(logps),
    entropy: shaped(entropy),
    kl: shaped(kl as Tensor1D),
    referenceLogps: shaped(logpsAt(other, other.states, tokens)),
  };
}

/** What a pass of a policy over rollouts gives. */
export interface PolicyPass<Name extends string> {
  readonly policy: PredictingStates;
  /** What else there is to measure, `[B, C]`. */
  readonly numbers: Readonly<Record<Name, Tensor2D>>;
}

/** A policy against a reference; the policy's variables are read at every use. */
export function policyMeter(
  policy: TrainablePolicy,
  reference: ReferenceModel,
  options: MeasureOptions,
): Meter<keyof ComparedScores> {
  const { config } = policy;
  const pass = (batch: RolloutTensors): PolicyPass<never> => {
    const params = policy.parameters();
    return {
      policy: { config, params, states: completionStates(config, params, batch) },
      numbers: {},
    };
  };
  return comparedMeter([], pass, reference, options);
}

/**
 * A meter of what a pass gives, against a reference.
 * @param names of the pass's numbers
 */
export function comparedMeter<Name extends string>(
  names: readonly Name[],
  pass: (batch: RolloutTensors) => PolicyPass<Name>,
  reference: ReferenceModel,
  options: MeasureOptions,
): Meter<Name | keyof ComparedScores> {
  const { config, params, reward } = reference;
  const { temperature } = options;
  const all = [...COMPARED, ...names];
  const compare = (
    { policy, numbers }: PolicyPass<Name>,
    batch: RolloutTensors,
    states: Tensor2D,
  ) => ({
    ...comparedScores(policy, { config, params, states }, batch, temperature),
    ...numbers,
  });
  if (!reward) {
    const compute = (batch: RolloutTensors) =>
      compare(pass(batch), batch, completionStates(config, params, batch));
    return rolloutMeter(all, compute, options);
  }
  const compute = (batch: RolloutTensors) => {
    const { tokens, texts } = statesWithLast(reference, batch);
    const scores: Tensor2D = tf.reshape(reward.scoresOf(texts), [-1, 1]);
    const textScores: Tensor2D = tf.mul(tf.onesLike(batch.mask), scores);
    return { ...compare(pass(batch), batch, tokens), textScores };
  };
  const meter = rolloutMeter([...all, "textScores"], compute, options);
  const measure = async (rollouts: readonly Rollout[]) => {
    const measured = await meter.measure(rollouts);
    reward.tell(
      rollouts,
      measured.textScores.map(([score]) => score as number),
    );
    return measured;
  };
  return { ...meter, measure };
}

/** States before the completion's tokens, `[B * C, D]`, and of the last token of each text, `[B, D]`. */
function statesWithLast(
  { config, params }: ReferenceModel,
  { ids, attentionMask, places }: RolloutTensors,
): { readonly tokens: Tensor2D; readonly texts: Tensor2D } {
  const all: Tensor1D = tf.concat([tf.reshape(places, [-1]), lastTokens(attentionMask)]);
  const states = hiddenStatesAt(config, params, ids, attentionMask, all);
  return {
    tokens: tf.slice(states, [0, 0], [places.size, -1]),
    texts: tf.slice(states, [places.size, 0], [-1, -1]),
  };
}

/** A meter of what a graph computes of a batch, `[B, C]` each. */
export function rolloutMeter<Name extends string>(
  names: readonly Name[],
  compute: (batch: RolloutTensors) => Record<Name, Tensor2D>,
  { batchSize, maxLength }: Omit<MeasureOptions, "temperature">,
): Meter<Name> {
  const program = jit(compute, { ...BATCH_PROGRAMS, name: "rolloutMeter" });
  const measure = async (rollouts: readonly Rollout[]): Promise<Measured<Name>> => {
    const result = Object.fromEntries(
      names.map((name) => [name, new Array<Float64Array>(rollouts.length)]),
    ) as Record<Name, Float64Array[]>;
    for (const indices of batchesByLength(rollouts.map(rolloutLength), batchSize)) {
      const chosen = indices.map((i) => rollouts[i] as Rollout);
      const lengths = chosen.map(({ completionIds }) => completionIds.length);
      const batch = rolloutTensors(chosen, maxLength);
      const numbers = await program.async(batch);
      for (const name of names) {
        const rows = tokenNumbers(await numbers[name].data<"float32">(), lengths);
        indices.forEach((rollout, row) => {
          result[name][rollout] = rows[row] as Float64Array;
        });
      }
      tf.dispose([Object.values(batch), Object.values(numbers)] as tf.TensorContainer);
    }
    return result;
  };
  return { measure, dispose: () => program.dispose() };
}

/** Logits are linear in the states. */
function tempered(model: PredictingStates, temperature: number): PredictingStates {
  return temperature === 1 ? model : { ...model, states: tf.div(model.states, temperature) };
}
