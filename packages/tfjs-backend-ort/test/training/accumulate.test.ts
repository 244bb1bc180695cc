import "@tensorflow/tfjs-backend-cpu";
import { leakedTensors } from "@preflab/testing";
import { type MicroBatch, trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type Batch, batch, make, model, weights } from "./model.ts";
import { momentum } from "./rules.ts";

/** Sums over rows in another order, ten steps of it. */
const ACCUMULATED = { atol: 1e-5, rtol: 0 };

const CASES = [
  ["ort", "one-graph"],
  ["ort", "flat"],
  ["cpu", "one-graph"],
] as const;

/** `data` cut into rows `[begin, end)`. */
const part = ([x, y]: Batch, begin: number, end: number): MicroBatch<Batch> => ({
  batch: [tf.slice(x, [begin, 0], [end - begin, -1]), tf.slice(y, [begin, 0], [end - begin, -1])],
  weight: end - begin,
});

const parts = (data: Batch, ...ends: number[]): MicroBatch<Batch>[] =>
  ends.map((end, i) => part(data, ends[i - 1] ?? 0, end));

describe.each(CASES)("training: accumulation on %s, %s", (backend, mode) => {
  const setUp = async () => tf.setBackend(backend);

  it.each([
    ["eight of one row", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["two of unequal size", [3, 8]],
  ])("equals one batch of eight: %s", async (_, ends) => {
    await setUp();
    const [whole, cut] = [make({ mode, maxGradNorm: 0.5 }), make({ mode, maxGradNorm: 0.5 })];
    const data = batch(8);
    for (let i = 0; i < 10; i++) {
      const expected = await whole.step.run(0.1, ...data);
      const actual = await cut.step.runAccumulated(0.1, parts(data, ...ends));
      expect(actual.loss).toBeAllClose(expected.loss, ACCUMULATED);
      expect(actual.gradNorm).toBeAllClose(expected.gradNorm, ACCUMULATED);
      expect(actual.metrics["mean"]).toBeAllClose(expected.metrics["mean"] as number, ACCUMULATED);
      expect(actual.applied).toBe(true);
    }
    expect(weights(cut.params)).toBeAllClose(weights(whole.params), ACCUMULATED);
    expect(cut.step.state().step).toBe(10);
  });

  it("takes turns with plain steps", async () => {
    await setUp();
    const [whole, mixed] = [make({ mode }), make({ mode })];
    const data = batch(8);
    for (let i = 0; i < 4; i++) {
      await whole.step.run(0.1, ...data);
      if (i % 2) await mixed.step.run(0.1, ...data);
      else await mixed.step.runAccumulated(0.1, parts(data, 4, 8));
    }
    expect(weights(mixed.params)).toBeAllClose(weights(whole.params), ACCUMULATED);
  });

  it("does not compute what has no weight", async () => {
    await setUp();
    const { step } = make({ mode });
    const data = batch(8);
    const broken: Batch = [tf.fill([8, 3], Number.NaN), data[1]];
    const result = await step.runAccumulated(0.1, [
      { batch: data, weight: 2 },
      { batch: broken, weight: 0 },
    ]);
    expect(result.loss).toBeGreaterThan(0);
  });

  it("refuses weights without a mean", async () => {
    await setUp();
    const { step } = make({ mode });
    const data = batch(2);
    const run = (...of: number[]) =>
      step.runAccumulated(
        0.1,
        of.map((weight) => ({ batch: data, weight })),
      );
    await expect(run()).rejects.toThrow("not all 0, got []");
    await expect(run(0, 0)).rejects.toThrow("got [0,0]");
    await expect(run(2, -1)).rejects.toThrow("got [2,-1]");
  });

  it("needs one set of gradients beside the model, once", async () => {
    await setUp();
    const { step } = make({ mode });
    const data = parts(batch(8), 4, 8);
    const before = tf.memory().numBytes;
    await step.runAccumulated(0.1, data);
    expect(tf.memory().numBytes - before).toBe(4 * (12 + 4));
    expect(await leakedTensors(() => step.runAccumulated(0.1, data))).toBe(0);
  });

  it("changes nothing when a number is not finite, and says so", async () => {
    await setUp();
    const [guarded, plain] = [make({ mode, skipNonFinite: true }), make({ mode })];
    const data = batch(8);
    const broken: Batch = [data[0], tf.fill([8, 1], Number.POSITIVE_INFINITY)];
    await guarded.step.run(0.1, ...data);
    await plain.step.run(0.1, ...data);
    const [before, state] = [weights(guarded.params), guarded.step.state()];
    const single = await guarded.step.run(0.1, ...broken);
    const accumulated = await guarded.step.runAccumulated(0.1, [
      { batch: data, weight: 1 },
      { batch: broken, weight: 1 },
    ]);
    for (const result of [single, accumulated]) {
      expect(result.applied).toBe(false);
      expect(result.loss).toBe(Number.POSITIVE_INFINITY);
    }
    expect(weights(guarded.params)).toEqual(before);
    expect(guarded.step.state()).toEqual(state);
    // And the next step is as if nothing had been.
    await guarded.step.run(0.1, ...data);
    await plain.step.run(0.1, ...data);
    expect(weights(guarded.params)).toEqual(weights(plain.params));
    expect(guarded.step.state()).toEqual(plain.step.state());
    const { applied } = await plain.step.run(0.1, ...broken);
    expect(applied).toBe(true);
    expect(Number.isFinite(weights(plain.params)[0])).toBe(false);
  });

  it("catches a gradient that is not finite under a loss that is", async () => {
    await setUp();
    const { params } = model();
    // At 0 the root is 0 and its slope infinite.
    const step = trainStep<[tf.Tensor2D]>({
      params,
      loss: (x) => {
        const sizes = [params.hidden, params.out].map((p) => tf.sum(tf.sqrt(tf.square(p))));
        return {
          loss: tf.add(
            tf.sqrt(tf.sum(x)),
            tf.mul(tf.sqrt(tf.sum(tf.mul(x, sizes[0] as tf.Scalar))), sizes[1] as tf.Scalar),
          ) as tf.Scalar,
        };
      },
      rule: momentum,
      mode,
      skipNonFinite: true,
    });
    const before = weights(params);
    const result = await step.run(0.1, tf.zeros([1, 1]));
    expect(result.loss).toBe(0);
    expect(result.gradNorm).toBeNaN();
    expect(result.applied).toBe(false);
    expect(weights(params)).toEqual(before);
  });
});
