import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { numericGradient } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { clippedValueLosses } from "../../src/losses/value-loss.ts";
import { normals } from "../random.ts";
import { squaredError } from "./float64.ts";
import { differentiate } from "./gradients.ts";

/** Squares of numbers of order 1. */
const FLOAT32 = { atol: 5e-6, rtol: 5e-6 };
/** Central differences in float32. */
const DIFFERENCES = { atol: 5e-3, rtol: 5e-3 };

function evaluate(
  values: ArrayLike<number>,
  old: ArrayLike<number>,
  returns: ArrayLike<number>,
  range: number | null,
) {
  const row = (numbers: ArrayLike<number>) =>
    tf.tensor2d(Float32Array.from(numbers), [1, numbers.length]);
  const terms = tf.tidy(() => {
    const { losses, clipped } = clippedValueLosses(row(values), row(old), row(returns), range);
    return { losses: losses.dataSync<"float32">(), clipped: clipped.dataSync<"float32">() };
  });
  const { gradient } = differentiate(
    (x) => tf.sum(clippedValueLosses(x, row(old), row(returns), range).losses),
    values,
    [1, values.length],
  );
  return { ...terms, gradient };
}

describe.each(["cpu", "ort"])("losses/value-loss on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  test("is half of the square, of the bounded value where that is worse", () => {
    // Moved by 0.5 towards the return, and away from it.
    const { losses, clipped, gradient } = evaluate([0.5, -0.5], [0, 0], [1, 1], 0.2);
    expect(losses).toBeAllClose([0.32, 1.125], FLOAT32);
    expect([...clipped]).toEqual([1, 0]);
    expect(gradient).toBeAllClose([0, -1.5], FLOAT32);
  });

  test("agrees with its second implementation", () => {
    const [old, step, noise] = [1, 2, 3].map((seed) => normals(64, seed)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const oldValues = Float32Array.from(old);
    const values = Float32Array.from(old, (x, i) => x + 0.4 * (step[i] as number));
    const returns = Float32Array.from(old, (x, i) => x + (noise[i] as number));
    for (const range of [0.1, 0.2, 0.5]) {
      const ours = evaluate(values, oldValues, returns, range);
      const expected = Array.from(values, (x, i) =>
        squaredError(x, oldValues[i] as number, returns[i] as number, range),
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
    const [old, returns] = [normals(12, 4), normals(12, 5)];
    const values = old.map((x, i) => x + ((i % 6) - 2.5) * 0.11);
    const sum = (x: Float64Array) =>
      evaluate(x, old, returns, 0.2).losses.reduce((total, loss) => total + loss, 0);
    const { gradient } = evaluate(values, old, returns, 0.2);
    expect(gradient).toBeAllClose(numericGradient(sum, values), DIFFERENCES);
  });

  test("without a range, and with one that nothing reaches, it is the plain square", () => {
    const [values, old, returns] = [normals(9, 6), normals(9, 7), normals(9, 8)];
    const plain = Float64Array.from(values, (x, i) => (x - (returns[i] as number)) ** 2 / 2);
    for (const range of [null, 1e6]) {
      const { losses, clipped } = evaluate(values, old, returns, range);
      expect(losses).toBeAllClose(plain, FLOAT32);
      expect(Math.max(...clipped)).toBe(0);
    }
  });
});
