/**
 * Sums gradients over micro-batches in variables of their own, weighted so that the sum is the
 * gradient of the mean. Compiled programs add in place: there is one copy of the sums.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Jitted, jit } from "../jit/jit.ts";
import { type Gradients, globalNorm, gradients } from "./gradients.ts";
import type { BatchResult, MicroBatch, TrainStepOptions } from "./step.ts";
import { readBatch, readScalar } from "./step-result.ts";

/** Gradients of micro-batches, summed. */
export class Accumulator<Batch extends readonly tf.Tensor[]> {
  /** By parameter, in their order. */
  readonly sums: Readonly<Record<string, tf.Variable>>;
  readonly #add: Jitted<[tf.Scalar, Batch], Pick<Gradients, "loss" | "metrics">>;
  readonly #norm: Jitted<[], tf.Scalar>;

  constructor(options: TrainStepOptions<Batch>) {
    const { params, loss: lossOf, name = "trainStep" } = options;
    const sums = Object.entries(params).map(([key, { shape }]) => {
      return [key, tf.tidy(() => tf.variable(tf.zeros(shape), false))] as const;
    });
    this.sums = Object.fromEntries(sums);
    const add = (weight: tf.Scalar, batch: Batch) => {
      const { loss, metrics, grads } = gradients(params, () => lossOf(...batch), weight);
      sums.forEach(([, sum], i) => {
        sum.assign(tf.add(sum, grads[i] as tf.Tensor));
      });
      return { loss, metrics };
    };
    this.#add = jit(add, { ...options, name: `${name}, accumulating` });
    this.#norm = jit(() => globalNorm(Object.values(this.sums)), { name: `${name}, norm` });
  }

  /**
   * Adds the gradients of the mean over `parts` to the sums, which the caller has set to zero.
   * @returns weighted means
   * @throws when a weight is negative or all are 0
   */
  async add(parts: readonly MicroBatch<Batch>[]): Promise<BatchResult> {
    const total = totalWeight(parts);
    let loss = 0;
    const metrics: Record<string, number> = {};
    for (const { batch, weight } of parts) {
      if (weight === 0) continue;
      const share = weight / total;
      const scalar = tf.scalar(share);
      try {
        const result = await readBatch(await this.#add.async(scalar, batch));
        loss += share * result.loss;
        for (const [name, metric] of Object.entries(result.metrics)) {
          metrics[name] = (metrics[name] ?? 0) + share * metric;
        }
      } finally {
        scalar.dispose();
      }
    }
    return { loss, metrics };
  }

  /** Global norm of the sums. */
  async norm(): Promise<number> {
    return readScalar(await this.#norm.async());
  }

  /** Sets the sums to zero. */
  clear(): void {
    tf.tidy(() => {
      for (const sum of Object.values(this.sums)) sum.assign(tf.zerosLike(sum));
    });
  }

  /** Frees programs and sums. */
  dispose(): void {
    this.#add.dispose();
    this.#norm.dispose();
    tf.dispose(Object.values(this.sums));
  }
}

function totalWeight(parts: readonly { readonly weight: number }[]): number {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (total > 0 && Number.isFinite(total) && parts.every(({ weight }) => weight >= 0)) return total;
  throw new Error(
    "trainStep: expected micro-batches with weights >= 0, not all 0, got " +
      `[${parts.map(({ weight }) => weight)}]. Leave out batches that nothing is to be learned from.`,
  );
}
