/** A policy and the function that tells what its states are worth. */

import {
  type ModelConfig,
  type PredictingStates,
  RandomStream,
  type TrainablePolicy,
  type Variables,
} from "@preflab/lm";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { SCORE_HEAD } from "../reward/reward-model.ts";
import {
  type ComparedScores,
  comparedMeter,
  completionStates,
  type MeasureOptions,
  type Meter,
  type ReferenceModel,
} from "../rollouts/measure.ts";
import type { RolloutTensors } from "../rollouts/rollouts.ts";

/** Names of the value head's variables, among those of the policy. */
export const VALUE_HEAD = { weight: "value.weight", bias: "value.bias" } as const;

/** What a forward pass gives. */
export interface ActorCriticOutput {
  /** States that predict the completion's tokens, `[B * C, D]`. */
  readonly policy: PredictingStates;
  /** Values of the states before them, `[B, C]`; what is at padding means nothing. */
  readonly values: Tensor2D;
}

/** A policy with values. */
export interface ActorCritic {
  readonly policy: TrainablePolicy;
  /** Of policy and values, by the names that key the optimizer's state. */
  readonly variables: Variables;
  /** Those of the values alone. */
  readonly valueVariables: Variables;
  /** Evaluates rollouts, in a graph. */
  forward(batch: RolloutTensors): ActorCriticOutput;
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
    policy,
    variables: { ...policy.variables, ...head },
    valueVariables: head,
    forward: (batch) => {
      const params = policy.parameters();
      const states = completionStates(config, params, batch);
      return {
        policy: { config, params, states },
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
  const valueVariables: Variables = Object.fromEntries(renamed);
  return {
    policy,
    variables: { ...policy.variables, ...valueVariables },
    valueVariables,
    forward: (batch) => {
      const [params, criticParams] = [policy.parameters(), critic.parameters()];
      const states = completionStates(config, params, batch);
      const criticStates = completionStates(critic.config, criticParams, batch);
      return {
        policy: { config, params, states },
        values: values(criticStates, criticParams[SCORE_HEAD], undefined, batch),
      };
    },
  };
}

/** Policy and values against a reference; variables are read at every use. */
export function actorCriticMeter(
  model: ActorCritic,
  reference: ReferenceModel,
  options: MeasureOptions,
): Meter<keyof ComparedScores | "values"> {
  const pass = (batch: RolloutTensors) => {
    const { policy, values } = model.forward(batch);
    return { policy, numbers: { values } };
  };
  return comparedMeter(["values"], pass, reference, options);
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
