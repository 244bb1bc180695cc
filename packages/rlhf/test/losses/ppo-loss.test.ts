import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type PpoBatch, type PpoLossOptions, ppoLoss } from "../../src/losses/ppo-loss.ts";
import { normals } from "../random.ts";

/** Means of float32. */
const FLOAT32 = { atol: 1e-5, rtol: 1e-5 };

const OPTIONS: PpoLossOptions = {
  clipRange: { low: 0.2, high: 0.2 },
  valueClipRange: 0.2,
  valueWeight: 0.5,
  entropyWeight: 0.01,
};

/** Three completions of 4, 2 and 1 tokens; what is at padding depends on `noise`. */
function batch(noise: number): PpoBatch {
  const mask = tf.tensor2d([
    [1, 1, 1, 1],
    [1, 1, 0, 0],
    [1, 0, 0, 0],
  ]);
  const numbers = (seed: number): tf.Tensor2D => {
    const own = tf.tensor2d(Float32Array.from(normals(12, seed)), [3, 4]);
    return tf.add(tf.mul(own, mask), tf.mul(tf.sub(1, mask), noise * seed));
  };
  return {
    mask,
    logps: numbers(1),
    oldLogps: numbers(2),
    entropy: numbers(3),
    values: numbers(4),
    oldValues: numbers(5),
    advantages: numbers(6),
    returns: numbers(7),
  };
}

const numberOf = (x: tf.Tensor | undefined) => x?.dataSync()[0] as number;

describe("losses/ppo-loss", () => {
  beforeAll(() => tf.setBackend("cpu"));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test("is the weighted sum of its parts", () => {
    const { loss, metrics } = ppoLoss(batch(0), OPTIONS);
    const [policy, value, entropy] = ["loss/policy", "loss/value", "entropy"].map((name) =>
      numberOf(metrics[name]),
    ) as [number, number, number];
    expect(numberOf(loss)).toBeAllClose(policy + 0.5 * value - 0.01 * entropy, FLOAT32);
  });

  test("an entropy without weight may be left out, and only such a one", () => {
    const free = { ...OPTIONS, entropyWeight: 0 };
    const { loss, metrics } = ppoLoss({ ...batch(0), entropy: null }, free);
    expect(numberOf(loss)).toBe(numberOf(ppoLoss(batch(0), free).loss));
    expect(metrics).not.toHaveProperty("entropy");
    expect(() => ppoLoss({ ...batch(0), entropy: null }, OPTIONS)).toThrow(
      "expected an entropy, which has weight 0.01",
    );
  });

  test("no number depends on what is at padding", () => {
    const [clean, noisy] = [batch(0), batch(3)].map((x) => ppoLoss(x, OPTIONS)) as [
      ReturnType<typeof ppoLoss>,
      ReturnType<typeof ppoLoss>,
    ];
    expect(numberOf(noisy.loss)).toBe(numberOf(clean.loss));
    for (const [name, scalar] of Object.entries(noisy.metrics)) {
      expect(numberOf(scalar), name).toBe(numberOf(clean.metrics[name]));
    }
  });

  test("an unmoved policy has ratio 1, no divergence and nothing clipped", () => {
    const still = batch(0);
    const { metrics } = ppoLoss({ ...still, oldLogps: still.logps }, OPTIONS);
    const names = ["approx_kl/k1", "approx_kl/k2", "approx_kl/k3", "clip_fraction"];
    expect(names.map((name) => Math.abs(numberOf(metrics[name])))).toEqual([0, 0, 0, 0]);
    const ratios = ["ratio/min", "ratio/mean", "ratio/max"];
    expect(ratios.map((name) => numberOf(metrics[name]))).toEqual([1, 1, 1]);
  });

  test("the extreme ratios are those of tokens", () => {
    const [small, large] = [Math.log(0.5), Math.log(3)];
    const zeros = batch(0);
    const logps = tf.tensor2d([
      [0, small, 0, 0],
      [large, 0, 9, 9],
      [0, -9, 9, 9],
    ]);
    const { metrics } = ppoLoss({ ...zeros, logps, oldLogps: tf.zerosLike(logps) }, OPTIONS);
    expect(numberOf(metrics["ratio/min"])).toBeAllClose(0.5, FLOAT32);
    expect(numberOf(metrics["ratio/max"])).toBeAllClose(3, FLOAT32);
  });
});
