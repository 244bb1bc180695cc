/** A policy and the function that tells what its states are worth. */

import {
  hiddenStatesAt,
  type ModelConfig,
  type Params,
  RandomStream,
  scoresAt,
  type TrainablePolicy,
  type Variables,
} from "@preflab/lm";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { SCORE_HEAD } from "../reward/reward-model.ts";
import type { RolloutTensors } from "./rollouts.ts";

/** Names of the value head's variables, among those of the policy. */
export const VALUE_HEAD = { weight: "value.weight", bias: "value.bias" } as const;

/** Numbers per completion token, `[B, C]`; what is at padding means nothing. */
export interface ActorCriticOutput {
  /** Log-probability at the sampling temperature, nats. */
  readonly logps: Tensor2D;
  /** Entropy of the distribution that the token is drawn from, nats. */
  readonly entropy: Tensor2D;
  /** Value of the state before the token. */
  readonly values: Tensor2D;
}

/** A policy with values. */
export interface ActorCritic {
  /** Of policy and values, by the names that key the optimizer's state. */
  readonly variables: Variables;
  /** Evaluates rollouts, in a graph. @param temperature logits are divided by it */
  forward(batch: RolloutTensors, temperature: number): ActorCriticOutput;
}

/**
 * Fresh variables of a value head, which the caller disposes: normal weights, bias 0.
 * @param deviation of the weights; 0 makes all values 0
 */
export function valueHead({ width }: ModelConfig, deviation: number, seed: number): Variables {
  const weights = new Float32Array(width);
  new RandomStream(seed, `init/${VALUE_HEAD.weight}`).fillNormal(weights, deviation);
  const variable = (tensor: tf.Tensor) => {
    const made = tf.variable(tensor);
    tensor.dispose();
    return made;
  };
  return {
    [VALUE_HEAD.weight]: variable(tf.tensor2d(weights, [width, 1])),
    [VALUE_HEAD.bias]: variable(tf.zeros([1])),
  };
}

/** Values from a linear head on the policy's own states. @param head see {@link valueHead} */
export function sharedTrunk(policy: TrainablePolicy, head: Variables): ActorCritic {
  const { config } = policy;
  return {
    variables: { ...policy.variables, ...head },
    forward: (batch, temperature) => {
      const params = policy.parameters();
      const states = statesOf(config, params, batch);
      return {
        ...scores(config, params, states, batch, temperature),
        values: values(states, head[VALUE_HEAD.weight], head[VALUE_HEAD.bias], batch),
      };
    },
  };
}

/**
 * Values from a model of its own, with one label.
 * @param critic its variables are named `value.` and their own name among those of both
 */
export function separateTrunks(policy: TrainablePolicy, critic: TrainablePolicy): ActorCritic {
  const { config } = policy;
  const renamed = Object.entries(critic.variables).map(([name, x]) => [`value.${name}`, x]);
  return {
    variables: { ...policy.variables, ...Object.fromEntries(renamed) },
    forward: (batch, temperature) => {
      const [params, criticParams] = [policy.parameters(), critic.parameters()];
      const states = statesOf(config, params, batch);
      const criticStates = statesOf(critic.config, criticParams, batch);
      const head = criticParams[SCORE_HEAD];
      return {
        ...scores(config, params, states, batch, temperature),
        values: values(criticStates, head, undefined, batch),
      };
    },
  };
}

/** States before the completion's tokens. `[B * C, D]` */
function statesOf(
  config: ModelConfig,
  params: Params,
  { ids, attentionMask, places }: RolloutTensors,
): Tensor2D {
  return hiddenStatesAt(config, params, ids, attentionMask, tf.reshape(places, [-1]));
}

function scores(
  config: ModelConfig,
  params: Params,
  states: Tensor2D,
  { targets, mask }: RolloutTensors,
  temperature: number,
): Omit<ActorCriticOutput, "values"> {
  // Logits are linear in the states.
  const scaled: Tensor2D = temperature === 1 ? states : tf.div(states, temperature);
  const tokens: Tensor1D = tf.reshape(targets, [-1]);
  const { logps, entropy } = scoresAt({ config, params, states: scaled }, tokens);
  return { logps: tf.reshape(logps, mask.shape), entropy: tf.reshape(entropy, mask.shape) };
}

function values(
  states: Tensor2D,
  weight: tf.Tensor | undefined,
  bias: tf.Tensor | undefined,
  { mask }: RolloutTensors,
): Tensor2D {
  if (!weight) {
    throw new Error("actorCritic: expected a value head, got none. Make one with valueHead.");
  }
  const products = tf.matMul(states, weight as Tensor2D);
  return tf.reshape(bias ? tf.add(products, bias) : products, mask.shape);
}
