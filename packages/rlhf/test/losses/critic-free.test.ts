import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type GrpoLossOptions, grpoLoss } from "../../src/losses/grpo-loss.ts";
import { klLosses } from "../../src/losses/kl-loss.ts";
import { rlooLoss } from "../../src/losses/rloo-loss.ts";
import { normals } from "../random.ts";
import { surrogate } from "./float64.ts";
import { differentiate } from "./gradients.ts";

/** Means of float32. */
const FLOAT32 = { atol: 3e-6, rtol: 3e-6 };

const SHAPE = [4, 5] as const;
const LENGTHS = [5, 2, 3, 1];
const CLIP = { low: 0.2, high: 0.2 };
const MASK = LENGTHS.map((length) => Array.from({ length: 5 }, (_, t) => (t < length ? 1 : 0)));
const [LOGPS, OLD, REFERENCE] = [1, 2, 3].map((seed) => {
  const scale = seed === 2 ? 0.1 : 0.3;
  return Float32Array.from(normals(20, seed), (x) => scale * x);
}) as [Float32Array, Float32Array, Float32Array];
const ADVANTAGES = Float32Array.from(normals(4, 4));

const matrix = (numbers: Float32Array) => tf.tensor2d(numbers, [...SHAPE]);
const at = (numbers: Float32Array, i: number, t: number) => numbers[5 * i + t] as number;

beforeAll(() => tf.setBackend("cpu"));

describe("losses/rloo-loss", () => {
  const evaluate = (logps: Float32Array, range = CLIP) =>
    differentiate(
      (x) =>
        rlooLoss(
          {
            mask: tf.tensor2d(MASK),
            logps: x,
            oldLogps: matrix(OLD),
            advantages: tf.tensor1d(ADVANTAGES),
          },
          range,
        ).loss,
      logps,
      SHAPE,
    );

  test("clips the ratio of whole completions", () => {
    const outcomes = LENGTHS.map((length, i) => {
      const sum = (numbers: Float32Array) =>
        Array.from({ length }, (_, t) => at(numbers, i, t)).reduce((a, b) => a + b, 0);
      return surrogate(sum(LOGPS), sum(OLD), ADVANTAGES[i] as number, 0.2, 0.2);
    });
    const { value, gradient } = evaluate(LOGPS);
    expect(value).toBeAllClose(outcomes.reduce((sum, { loss }) => sum + loss, 0) / 4, FLOAT32);
    const slopes = outcomes.flatMap(({ slope }, i) =>
      (MASK[i] as number[]).map((m) => (m * slope) / 4),
    );
    expect(gradient).toBeAllClose(slopes, FLOAT32);
    expect(outcomes.some(({ clipped }) => clipped)).toBe(true);
  });

  test("at the policy that sampled, the gradient is REINFORCE's", () => {
    const slopes = MASK.flatMap((row, i) => row.map((m) => (-m * (ADVANTAGES[i] as number)) / 4));
    expect(evaluate(OLD).gradient).toBeAllClose(slopes, FLOAT32);
  });
});

describe("losses/grpo-loss", () => {
  const OPTIONS: GrpoLossOptions = {
    clipRange: CLIP,
    aggregation: "sequence_mean",
    longest: 5,
    klWeight: 0.04,
    klLoss: "k3",
  };
  const evaluate = (changes: Partial<GrpoLossOptions>, logps = LOGPS) =>
    differentiate(
      (x) =>
        grpoLoss(
          {
            mask: tf.tensor2d(MASK),
            logps: x,
            oldLogps: matrix(OLD),
            referenceLogps: matrix(REFERENCE),
            advantages: tf.tensor1d(ADVANTAGES),
          },
          { ...OPTIONS, ...changes },
        ).loss,
      logps,
      SHAPE,
    );

  /** In float64: weights of tokens times loss and slope. */
  const expected = (weightOf: (i: number) => number, klWeight: number) => {
    let value = 0;
    const gradient = MASK.flatMap((row, i) =>
      row.map((m, t) => {
        if (m === 0) return 0;
        const { loss, slope } = surrogate(
          at(LOGPS, i, t),
          at(OLD, i, t),
          ADVANTAGES[i] as number,
          0.2,
          0.2,
        );
        const x = at(LOGPS, i, t) - at(REFERENCE, i, t);
        value += weightOf(i) * (loss + klWeight * (Math.exp(-x) - 1 + x));
        return weightOf(i) * (slope + klWeight * (1 - Math.exp(-x)));
      }),
    );
    return { value, gradient };
  };

  const cases = {
    sequence_mean: (i: number) => 1 / (4 * (LENGTHS[i] as number)),
    token_mean: () => 1 / 11,
    constant: () => 1 / 20,
  } as const;
  test.each(Object.entries(cases))("with %s agrees with float64", (name, weightOf) => {
    for (const klWeight of [0, 0.04]) {
      const ours = evaluate({ aggregation: name as keyof typeof cases, klWeight });
      const { value, gradient } = expected(weightOf, klWeight);
      expect(ours.value).toBeAllClose(value, FLOAT32);
      expect(ours.gradient).toBeAllClose(gradient, FLOAT32);
    }
  });

  test("what stands at padding changes nothing, however unlikely it is", () => {
    const unlikely = LOGPS.map((x, k) => (MASK.flat()[k] === 1 ? x : -500));
    const [ours, theirs] = [evaluate({}, unlikely), evaluate({})];
    expect(ours.value).toBe(theirs.value);
    expect(ours.gradient).toEqual(theirs.gradient);
  });

  test("at the policy that sampled, the loss is minus the mean advantage", () => {
    const { value } = evaluate({ klWeight: 0 }, OLD);
    const mean = ADVANTAGES.reduce((sum, x) => sum + x, 0) / 4;
    expect(value).toBeAllClose(-mean, FLOAT32);
  });
});

describe("losses/kl-loss", () => {
  // Over a vocabulary of 9 words, every word weighted by its probability under the policy.
  const softmax = (logits: Float64Array) => {
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    return logits.map((x) => x - Math.log(total));
  };
  const [policyLogits, reference] = [normals(9, 5), softmax(normals(9, 6))];
  const weights = softmax(policyLogits).map(Math.exp);
  const row = (numbers: Float64Array) => tf.tensor2d(Float32Array.from(numbers), [1, 9]);

  /** Mean over the policy's samples of the gradient of one estimate. */
  const meanGradient = (name: "k2" | "k3") =>
    differentiate(
      (logits) =>
        tf.sum(tf.mul(row(weights), klLosses(name, tf.logSoftmax(logits), row(reference)))),
      policyLogits,
      [1, 9],
    ).gradient;
  const divergence = (forward: boolean) =>
    differentiate(
      (logits) => {
        const logps = tf.logSoftmax(logits);
        const difference = tf.sub(logps, row(reference));
        const [p, sign] = forward ? [tf.exp(logps), 1] : [tf.exp(row(reference)), -1];
        return tf.sum(tf.mul(tf.mul(p, difference), sign));
      },
      policyLogits,
      [1, 9],
    ).gradient;

  test("the mean gradient of k2 is that of KL(policy || reference)", () => {
    expect(meanGradient("k2")).toBeAllClose(divergence(true), FLOAT32);
  });

  test("the mean gradient of k3 is that of KL(reference || policy)", () => {
    expect(meanGradient("k3")).toBeAllClose(divergence(false), FLOAT32);
  });
});
