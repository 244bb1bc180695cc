/** What policy, reference and value function say of rollouts, before any update. */

import { hiddenStatesAt, type ModelConfig, type Params, scoresAt, stepOrder } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ActorCritic } from "./actor-critic.ts";
import {
  type Rollout,
  type RolloutTensors,
  rolloutLength,
  rolloutTensors,
  tokenNumbers,
} from "./rollouts.ts";

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

/** Log-probabilities, entropies and values under a policy, whose variables are read at every use. */
export function actorCriticMeter(
  model: ActorCritic,
  options: MeasureOptions,
): Meter<"logps" | "entropy" | "values"> {
  return meter(
    ["logps", "entropy", "values"],
    (batch) => ({ ...model.forward(batch, options.temperature) }),
    options,
  );
}

/** Log-probabilities under a frozen model. */
export function referenceMeter(
  { config, params }: { readonly config: ModelConfig; readonly params: Params },
  options: MeasureOptions,
): Meter<"logps"> {
  const compute = ({ ids, attentionMask, places, targets, mask }: RolloutTensors) => {
    const states = hiddenStatesAt(config, params, ids, attentionMask, tf.reshape(places, [-1]));
    const scaled: Tensor2D = tf.div(states, options.temperature);
    const { logps } = scoresAt({ config, params, states: scaled }, tf.reshape(targets, [-1]));
    return { logps: tf.reshape(logps, mask.shape) as Tensor2D };
  };
  return meter(["logps"], compute, options);
}

function meter<Name extends string>(
  names: readonly Name[],
  compute: (batch: RolloutTensors) => Record<Name, Tensor2D>,
  { batchSize, maxLength }: MeasureOptions,
): Meter<Name> {
  const program = jit(compute, { name: "rolloutMeter" });
  const measure = async (rollouts: readonly Rollout[]): Promise<Measured<Name>> => {
    const result = Object.fromEntries(
      names.map((name) => [name, new Array<Float64Array>(rollouts.length)]),
    ) as Record<Name, Float64Array[]>;
    if (rollouts.length === 0) return result;
    const lengths = rollouts.map(rolloutLength);
    const sorted = lengths.map((_, i) => i);
    sorted.sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
    const order = stepOrder(lengths, { batchSize, shuffle: false, seed: 0 });
    for (let step = 1; step <= order.stepsPerEpoch; step++) {
      const indices = (order.at(step)[0] as readonly number[]).map((i) => sorted[i] as number);
      const chosen = indices.map((i) => rollouts[i] as Rollout);
      const batch = rolloutTensors(chosen, maxLength);
      const numbers = await program.async(batch);
      for (const name of names) {
        const data = await numbers[name].data<"float32">();
        const rows = tokenNumbers(
          data,
          chosen.map(({ completionIds }) => completionIds.length),
        );
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
