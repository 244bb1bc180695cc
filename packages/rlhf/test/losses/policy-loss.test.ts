import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { numericGradient } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { maskedMean } from "../../src/losses/aggregate.ts";
import { clippedPolicyLosses } from "../../src/losses/policy-loss.ts";
import { normals } from "../random.ts";
import { surrogate } from "./float64.ts";
import { differentiate } from "./gradients.ts";

/** Differences of numbers of order 1, and an exponential of them. */
const FLOAT32 = { atol: 2e-6, rtol: 2e-6 };
/** Central differences in float32. */
const DIFFERENCES = { atol: 3e-3, rtol: 3e-3 };

const CLIP = { low: 0.2, high: 0.2 };
const COUNT = 64;

/** Losses per token, and the gradient of their sum. */
function evaluate(
  logps: ArrayLike<number>,
  oldLogps: ArrayLike<number>,
  advantages: ArrayLike<number>,
  clip: { low: number; high: number } = CLIP,
) {
  const row = (numbers: ArrayLike<number>) =>
    tf.tensor2d(Float32Array.from(numbers), [1, numbers.length]);
  const terms = tf.tidy(() => {
    const { losses, clipped } = clippedPolicyLosses(
      row(logps),
      row(oldLogps),
      row(advantages),
      clip,
    );
    return { losses: losses.dataSync<"float32">(), clipped: clipped.dataSync<"float32">() };
  });
  const { gradient } = differentiate(
    (x) => tf.sum(clippedPolicyLosses(x, row(oldLogps), row(advantages), clip).losses),
    logps,
    [1, logps.length],
  );
  return { ...terms, gradient };
}

describe.each(["cpu", "ort"])("losses/policy-loss on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  test("of an advantage of 1 is as computed by hand at ratios e, 1/e and e^0.1", () => {
    const { losses, clipped, gradient } = evaluate([1, -1, 0.1], [0, 0, 0], [1, 1, 1]);
    expect(losses).toBeAllClose([-1.2, -0.367879, -1.105171], { atol: 1e-6, rtol: 0 });
    expect([...clipped]).toEqual([1, 0, 0]);
    expect(gradient).toBeAllClose([0, -0.367879, -1.105171], { atol: 1e-6, rtol: 0 });
  });

  test("of an advantage of -1 the other side is clipped", () => {
    const { losses, clipped } = evaluate([1, -1], [0, 0], [-1, -1]);
    expect(losses).toBeAllClose([Math.E, 0.8], FLOAT32);
    expect([...clipped]).toEqual([0, 1]);
  });

  test("agrees with its second implementation, with one range or two", () => {
    const [old, step, advantages] = [1, 2, 3].map((seed) => normals(COUNT, seed)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const logps = Float32Array.from(old, (x, i) => x + 0.4 * (step[i] as number));
    const [oldLogps, weights] = [Float32Array.from(old), Float32Array.from(advantages)];
    for (const clip of [CLIP, { low: 0.2, high: 0.28 }, { low: 0, high: 0 }]) {
      const ours = evaluate(logps, oldLogps, weights, clip);
      const expected = Array.from(logps, (x, i) =>
        surrogate(x, oldLogps[i] as number, weights[i] as number, clip.low, clip.high),
      );
      expect(ours.losses).toBeAllClose(
        expected.map(({ loss }) => loss),
        FLOAT32,
      );
      expect(ours.gradient).toBeAllClose(
        expected.map(({ slope }) => slope),
        FLOAT32,
      );
      expect([...ours.clipped]).toEqual(expected.map(({ clipped }) => Number(clipped)));
    }
  });

  test("has the gradient of finite differences", () => {
    const [old, advantages] = [normals(12, 4), normals(12, 5)];
    // Away from the kinks at 0.8 and 1.2.
    const logps = old.map((x, i) => x + ((i % 6) - 2.5) * 0.11);
    const ours = evaluate(logps, old, advantages);
    const sum = (x: Float64Array) =>
      evaluate(x, old, advantages).losses.reduce((total, loss) => total + loss, 0);
    expect(ours.gradient).toBeAllClose(numericGradient(sum, logps), DIFFERENCES);
  });

  test("at ratio 1 the gradient is the policy gradient, whatever the range", () => {
    const [old, advantages] = [normals(COUNT, 6), normals(COUNT, 7)];
    const mask = tf.ones<tf.Rank.R2>([1, COUNT]);
    const weights = tf.tensor2d(Float32Array.from(advantages), [1, COUNT]);
    const before = tf.tensor2d(Float32Array.from(old), [1, COUNT]);
    const reinforce = differentiate((x) => tf.neg(maskedMean(tf.mul(x, weights), mask)), old, [
      1,
      COUNT,
    ]);
    for (const clip of [CLIP, { low: 0.01, high: 0.5 }]) {
      const ours = differentiate(
        (x) => maskedMean(clippedPolicyLosses(x, before, weights, clip).losses, mask),
        old,
        [1, COUNT],
      );
      expect(ours.gradient).toBeAllClose(reinforce.gradient, FLOAT32);
    }
    tf.dispose([mask, weights, before]);
  });

  test("a policy that has run away has large finite numbers that still pull back", () => {
    const { losses, gradient } = evaluate([0, 0, -1e4], [-1e4, -1e4, 0], [1, -1, 1]);
    expect(losses).toBeAllClose([-1.2, Math.exp(20), 0], FLOAT32);
    expect(gradient).toBeAllClose([0, Math.exp(20), 0], FLOAT32);
  });
});
