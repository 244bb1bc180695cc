import "@tensorflow/tfjs-backend-cpu";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  coinDivergence,
  log1mexp,
  logAddExp,
  logisticExponentialBlend,
  logSigmoid,
  saturatingExpm1,
  sigmoid,
  softplus,
  sortAscending,
  stopGradient,
} from "../../src/objectives/numerics.ts";

/** float32 has 6e-8; a few operations on it leave this. Numbers below 1e-37 count as 0. */
const RELATIVE = { rtol: 2e-6, atol: 1e-37 };
/** Where a difference of two numbers of size 1 is meant. */
const ABSOLUTE = { rtol: 2e-6, atol: 2e-7 };

const POINTS = [-1000, -88, -50, -20, -3, -0.5, -1e-3, 0, 1e-3, 0.5, 3, 20, 50, 88, 1000].map(
  Math.fround,
);
const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;

/** Values and derivatives of a function of every element, compiled where the backend compiles. */
function evaluate(f: (x: tf.Tensor1D) => tf.Tensor, points: readonly number[]) {
  const step = jit((x: tf.Tensor1D) => {
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum(f(x as tf.Tensor1D)))(x);
    value.dispose();
    return { values: f(x), slopes: grad };
  });
  const { values, slopes } = step(tf.tensor1d([...points]));
  step.dispose();
  return { values: values.dataSync(), slopes: slopes.dataSync() };
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

describe.each(["cpu", "ort"])("objectives/numerics on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  it("sigmoid keeps its digits where it is almost 0, and so does its derivative", () => {
    const { values, slopes } = evaluate(sigmoid, POINTS);
    expect(values).toBeAllClose(POINTS.map(logistic), RELATIVE);
    expect(slopes).toBeAllClose(
      POINTS.map((x) => logistic(x) * logistic(-x)),
      RELATIVE,
    );
  });

  it("softplus and logSigmoid keep their digits where they are almost 0", () => {
    const up = evaluate(softplus, POINTS);
    expect(up.values).toBeAllClose(POINTS.map(softplusOf), RELATIVE);
    expect(up.slopes).toBeAllClose(POINTS.map(logistic), RELATIVE);
    const down = evaluate(logSigmoid, POINTS);
    expect(down.values).toBeAllClose(
      POINTS.map((x) => -softplusOf(-x)),
      RELATIVE,
    );
    expect(down.slopes).toBeAllClose(
      POINTS.map((x) => logistic(-x)),
      RELATIVE,
    );
  });

  it("infinities have the limits as values and derivatives", () => {
    const ends = [NEGATIVE_INFINITY, POSITIVE_INFINITY];
    expect(evaluate(sigmoid, ends)).toEqual({
      values: Float32Array.of(0, 1),
      slopes: Float32Array.of(0, 0),
    });
    expect(evaluate(softplus, ends)).toEqual({
      values: Float32Array.of(0, POSITIVE_INFINITY),
      slopes: Float32Array.of(0, 1),
    });
    const coin = evaluate((x) => coinDivergence(x, 0.25), ends);
    expect(coin.values).toBeAllClose([-Math.log(0.25), -Math.log(0.75)], RELATIVE);
    expect([...coin.slopes].map(Math.abs)).toEqual([0, 0]);
    const blend = evaluate((x) => logisticExponentialBlend(x, 0.05), ends);
    expect(blend.values).toEqual(Float32Array.of(POSITIVE_INFINITY, 0));
    expect([...blend.slopes].map((x) => x + 0)).toEqual([-1, 0]);
  });

  it("log1mexp is precise near 0 and far below, and bounded where float32 has no digits left", () => {
    const points = [-200, -30, -1, -0.7, -0.1, -1e-3, -1e-6].map(Math.fround);
    const { values, slopes } = evaluate(log1mexp, points);
    expect(values).toBeAllClose(
      points.map((x) => (x < -1 ? Math.log1p(-Math.exp(x)) : Math.log(-Math.expm1(x)))),
      RELATIVE,
    );
    expect(slopes).toBeAllClose(
      points.map((x) => -1 / Math.expm1(-x)),
      RELATIVE,
    );
    const bounded = evaluate(log1mexp, [0, -1e-12]);
    expect(bounded.values).toBeAllClose([Math.log(2 ** -24), Math.log(2 ** -24)], RELATIVE);
    expect(bounded.slopes).toBeAllClose([-(2 ** 24), -(2 ** 24)], RELATIVE);
  });

  it("saturatingExpm1 is precise near 0 and large but finite beyond float32's powers", () => {
    const points = [-1000, -1, -1e-6, 1e-6, 1, 79].map(Math.fround);
    const { values, slopes } = evaluate(saturatingExpm1, points);
    expect(values).toBeAllClose(points.map(Math.expm1), { rtol: 1e-5, atol: 0 });
    expect(slopes).toBeAllClose(points.map(Math.exp), { rtol: 1e-5, atol: 1e-37 });
    const saturated = evaluate(saturatingExpm1, [100, POSITIVE_INFINITY]);
    for (const number of [...saturated.values, ...saturated.slopes]) {
      expect(number).toBeAllClose(Math.exp(80), { rtol: 1e-5, atol: 0 });
    }
  });

  it("coinDivergence is 0 at its target and convex around it", () => {
    const flip = 0.1;
    const target = Math.log((1 - flip) / flip);
    const { values, slopes } = evaluate((x) => coinDivergence(x, flip), [target, ...POINTS]);
    expect([values[0], slopes[0]]).toBeAllClose([0, 0], ABSOLUTE);
    const expected = POINTS.map((x) => {
      const [q, p] = [logistic(x), logistic(-x)];
      const entropy = softplusOf(-Math.abs(x)) + Math.abs(x) * logistic(-Math.abs(x));
      return -q * Math.log(1 - flip) - p * Math.log(flip) - entropy;
    });
    expect(values.slice(1)).toBeAllClose(expected, ABSOLUTE);
    expect(slopes.slice(1)).toBeAllClose(
      POINTS.map((x) => logistic(x) * logistic(-x) * (x - target)),
      RELATIVE,
    );
  });

  for (const tau of [0.05, 1, 2]) {
    it(`logisticExponentialBlend with tau ${tau} does not overflow where the blend is logistic`, () => {
      const points = POINTS.filter((x) => tau <= 1 || x > -100);
      const { values, slopes } = evaluate((x) => logisticExponentialBlend(x, tau), points);
      const power = (x: number) => Math.exp(-x - softplusOf(-x / tau));
      expect(values).toBeAllClose(
        points.map((x) => softplusOf(-x) * logistic(-x / tau) + power(x)),
        { rtol: 1e-5, atol: 1e-37 },
      );
      const expected = points.map((x) => {
        const [m, rest] = [logistic(x / tau), logistic(-x / tau)];
        return (
          -rest * logistic(-x) -
          (m * rest * softplusOf(-x)) / tau +
          (power(x) * rest) / tau -
          power(x)
        );
      });
      expect(slopes).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-7 });
    });
  }

  it("logAddExp takes what is -Infinity for nothing", () => {
    const { values, slopes } = evaluate(
      (x) => logAddExp(x, tf.tensor1d([0, 0, NEGATIVE_INFINITY])),
      [0, NEGATIVE_INFINITY, -3],
    );
    expect(values).toBeAllClose([Math.LN2, 0, -3], RELATIVE);
    expect(slopes).toBeAllClose([0.5, 0, 1], RELATIVE);
  });

  it("sortAscending sends gradients back to where each number came from, ties in order", () => {
    const weights = tf.tensor1d([1, 10, 100, 1000]);
    const { values, slopes } = evaluate((x) => tf.mul(sortAscending(x), weights), [3, -1, 3, 0]);
    expect([...values]).toEqual([-1, 0, 300, 3000]);
    expect([...slopes]).toEqual([100, 1, 1000, 10]);
  });

  it("stopGradient changes nothing but the gradient", () => {
    const { values, slopes } = evaluate((x) => tf.add(stopGradient(x), tf.mul(x, 2)), [1, -2]);
    expect([...values]).toEqual([3, -6]);
    expect([...slopes]).toEqual([2, 2]);
  });
});
