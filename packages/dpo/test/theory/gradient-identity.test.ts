import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { type ConfiguredPair, parseObjective } from "@preflab/dpo";
import { RandomStream, sequenceLogps } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { s } from "../objectives/float64.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Sums of a few dozen float32 numbers of size 1. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };

const WORDS = 5;
const EOS = 4;
/** Prompt and completion with its end: the prompt `0 1` is no part of what is learned. */
const CHOSEN = [
  [0, 1, 2, 3, EOS],
  [0, 1, 3, EOS, EOS],
];
const REJECTED = [
  [0, 1, 3, 3, EOS],
  [0, 1, 2, 2, EOS],
];
/** 1 for tokens of the completion; the second chosen row ends one token early. */
const CHOSEN_MASK = [
  [0, 0, 1, 1, 1],
  [0, 0, 1, 1, 0],
];
const REJECTED_MASK = [
  [0, 0, 1, 1, 1],
  [0, 0, 1, 1, 1],
];

/** Summed log-probabilities of completions under a model of word pairs, `scores` `[V, V]`. */
function logpsOf(scores: tf.Tensor2D, rows: number[][], mask: number[][]): tf.Tensor1D {
  const table = tf.logSoftmax(scores); // [V, V]
  const onPairs = rows.map((row) =>
    row.slice(1).map((word, t) => (row[t] as number) * WORDS + word),
  );
  const flat = tf.reshape(table, [WORDS * WORDS]);
  const logps = tf.gather(flat, tf.tensor2d(onPairs, undefined, "int32")) as tf.Tensor2D;
  return sequenceLogps(logps, tf.tensor2d(mask, undefined, "int32"));
}

/** The pairs' log-probabilities under a policy and a reference. */
function pairsOf(scores: tf.Tensor2D, reference: tf.Tensor2D) {
  return {
    policyChosenLogps: logpsOf(scores, CHOSEN, CHOSEN_MASK),
    policyRejectedLogps: logpsOf(scores, REJECTED, REJECTED_MASK),
    referenceChosenLogps: logpsOf(reference, CHOSEN, CHOSEN_MASK),
    referenceRejectedLogps: logpsOf(reference, REJECTED, REJECTED_MASK),
    chosenLengths: tf.tensor1d([3, 2], "int32"),
    rejectedLengths: tf.tensor1d([3, 3], "int32"),
  };
}

function randomScores(seed: number): tf.Tensor2D {
  const values = new Float32Array(WORDS * WORDS);
  new RandomStream(seed, "theory/scores").fillNormal(values, 1);
  return tf.tensor2d(values, [WORDS, WORDS]);
}

/** Gradient of the log-probability of one completion, as plain numbers. */
function gradientOf(scores: tf.Tensor2D, row: number[], mask: number[]): Float32Array {
  const slope = tf.grad((x: tf.Tensor) => tf.sum(logpsOf(x as tf.Tensor2D, [row], [mask])));
  return slope(scores).dataSync() as Float32Array;
}

describe("theory/gradient-identity", () => {
  for (const beta of [0.1, 1, 5]) {
    it(`DPO's gradient is -beta E[sigmoid(-beta h) (grad log pi(chosen) - grad log pi(rejected))] at beta ${beta}`, () => {
      const [scores, reference] = [randomScores(1), randomScores(2)];
      const dpo = parseObjective({ name: "sigmoid", beta }) as ConfiguredPair;
      const lossOf = (x: tf.Tensor) =>
        tf.mean(dpo.evaluate(pairsOf(x as tf.Tensor2D, reference)).losses);
      const gradient = tf.grad(lossOf)(scores).dataSync();

      const logps = pairsOf(scores, reference);
      const [pw, pl, rw, rl] = [
        logps.policyChosenLogps,
        logps.policyRejectedLogps,
        logps.referenceChosenLogps,
        logps.referenceRejectedLogps,
      ].map((x) => x.dataSync()) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const expected = new Float64Array(WORDS * WORDS);
      for (const i of CHOSEN.keys()) {
        const at = (x: Float32Array) => x[i] as number;
        const weight = s(-beta * (at(pw) - at(rw) - (at(pl) - at(rl))));
        const up = gradientOf(scores, CHOSEN[i] as number[], CHOSEN_MASK[i] as number[]);
        const down = gradientOf(scores, REJECTED[i] as number[], REJECTED_MASK[i] as number[]);
        for (const k of expected.keys()) {
          const direction = (up[k] as number) - (down[k] as number);
          expected[k] = (expected[k] as number) - (beta * weight * direction) / CHOSEN.length;
        }
      }
      expect(gradient).toBeAllClose(expected, FLOAT32);
    });
  }

  it("where the policy is the reference the loss is log 2, the weight 1/2, the margin 0", () => {
    const scores = randomScores(3);
    const dpo = parseObjective({ name: "sigmoid", beta: 0.3 }) as ConfiguredPair;
    const { losses, chosenRewards } = dpo.evaluate(pairsOf(scores, scores));
    expect([...losses.dataSync()]).toEqual([Math.fround(Math.LN2), Math.fround(Math.LN2)]);
    expect([...chosenRewards.dataSync()]).toEqual([0, 0]);
  });

  it("completions count their end and not their prompt", () => {
    const scores = randomScores(4);
    const table = tf.logSoftmax(scores).arraySync() as number[][];
    const logp = (from: number, to: number) => table[from]?.[to] as number;
    const expected = logp(1, 2) + logp(2, 3) + logp(3, EOS);
    expect(logpsOf(scores, CHOSEN, CHOSEN_MASK).dataSync()[0]).toBeAllClose(expected, FLOAT32);
  });
});
