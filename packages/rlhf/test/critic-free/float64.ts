/**
 * A second computation of whole updates, independent of the first: a policy of which only the head
 * is trained, by plain gradient descent, in float64 from the states before the head on.
 */

import { type ModelConfig, type Params, tokenLogps } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { completionStates } from "../../src/rollouts/measure.ts";
import { type Rollout, rolloutTensors } from "../../src/rollouts/rollouts.ts";

/** A completion as its head sees it. */
export interface Seen {
  readonly ids: readonly number[];
  /** Before each token, `[tokens][D]`. */
  readonly states: readonly (readonly number[])[];
}

/** What rollouts look like before the head, which does not change in training. */
export function seen(
  config: ModelConfig,
  params: Params,
  rollouts: readonly Rollout[],
): readonly Seen[] {
  return rollouts.map((rollout) =>
    tf.tidy(() => {
      const states = completionStates(config, params, rolloutTensors([rollout], 64));
      const ids = Array.from(rollout.completionIds);
      return { ids, states: states.arraySync().slice(0, ids.length) };
    }),
  );
}

/** Log-probabilities of all words, `[V]` nats. @param head `[V][D]` */
function wordLogps(head: readonly number[][], state: readonly number[], temperature: number) {
  const logits = head.map(
    (row) => row.reduce((sum, w, d) => sum + w * (state[d] as number), 0) / temperature,
  );
  const highest = Math.max(...logits);
  const total = highest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - highest), 0));
  return logits.map((x) => x - total);
}

/** Log-probabilities of the completion's tokens, nats. */
export function logpsOf(head: readonly number[][], { ids, states }: Seen, temperature: number) {
  return ids.map((id, t) => wordLogps(head, states[t] ?? [], temperature)[id] as number);
}

/** KL(policy || reference) summed over words and tokens, nats. */
export function divergence(
  head: readonly number[][],
  reference: readonly number[][],
  { states }: Seen,
  temperature: number,
): number {
  return states.reduce((total, state) => {
    const [own, other] = [head, reference].map((x) => wordLogps(x, state, temperature)) as [
      number[],
      number[],
    ];
    return total + own.reduce((sum, x, v) => sum + Math.exp(x) * (x - (other[v] as number)), 0);
  }, 0);
}

/** A loss and its derivatives by the log-probability of every token. */
export interface Sloped {
  readonly loss: number;
  readonly slopes: readonly (readonly number[])[];
}

/** One step of gradient descent; the head changes in place. @returns loss and norm before it */
export function descend(
  head: number[][],
  completions: readonly Seen[],
  lossOf: (logps: readonly number[][]) => Sloped,
  { lr, temperature }: { readonly lr: number; readonly temperature: number },
): { loss: number; gradNorm: number } {
  const { loss, slopes } = lossOf(completions.map((x) => logpsOf(head, x, temperature)));
  const gradient = head.map((row) => row.map(() => 0));
  completions.forEach(({ ids, states }, i) => {
    ids.forEach((id, t) => {
      const state = states[t] ?? [];
      const slope = (slopes[i]?.[t] as number) / temperature;
      wordLogps(head, state, temperature).forEach((x, v) => {
        const share = slope * ((v === id ? 1 : 0) - Math.exp(x));
        state.forEach((value, d) => {
          const row = gradient[v] as number[];
          row[d] = (row[d] as number) + share * value;
        });
      });
    });
  });
  gradient.forEach((row, v) => {
    row.forEach((value, d) => {
      (head[v] as number[])[d] = (head[v]?.[d] as number) - lr * value;
    });
  });
  return { loss, gradNorm: Math.hypot(...gradient.flat()) };
}

/** Sum of the log-probabilities of a completion, of one text alone, in a graph. */
export function sequenceLogp(
  config: ModelConfig,
  params: Params,
  { promptIds, completionIds }: Rollout,
): tf.Scalar {
  const text = [...Array.from(promptIds), ...Array.from(completionIds)];
  const ids = tf.tensor2d([text], [1, text.length], "int32");
  const all = tokenLogps({ config, params }, { ids, attentionMask: tf.onesLike(ids) });
  const own = tf.slice(tf.reshape(all, [-1]), promptIds.length - 1, completionIds.length);
  return tf.sum(own);
}
