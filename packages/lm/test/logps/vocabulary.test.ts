/** Sums over the vocabulary in pieces, against the same sums from all logits at once. */

import { estimateMemory, jit } from "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { chunksOf } from "../../src/scoring/chunks.ts";
import { type LogitFactors, vocabularySums } from "../../src/scoring/vocabulary.ts";

// Sums of a few dozen float32 terms of order 1, in another order.
const SAME_MATHS = { rtol: 1e-5, atol: 5e-6 };

const [TOKENS, WORDS, WIDTH] = [13, 37, 6];
type Graph = Parameters<typeof estimateMemory>[0];

/** Splits both the tokens and the words into several uneven pieces. */
const FEW_BYTES = 4 * WORDS * 4;

type Inputs = readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

function inputs(): Inputs {
  const matrix = (rows: number, seed: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * WIDTH }, (_, i) => 1.5 * Math.sin(12.9898 * i + seed)),
      [rows, WIDTH],
    );
  return [matrix(TOKENS, 1), matrix(WORDS, 2), matrix(TOKENS, 3), matrix(WORDS, 4)];
}

/** Stacked log-sum-exp, entropy and divergence, `[3, N]`. */
function inPieces(...[hidden, head, otherHidden, otherHead]: Inputs): tf.Tensor2D {
  const reference = { hidden: otherHidden, head: otherHead };
  const sums = vocabularySums(
    { hidden, head },
    { entropy: true, reference, chunkBytes: FEW_BYTES },
  );
  return tf.stack([sums.logSumExp, sums.entropy as tf.Tensor, sums.kl as tf.Tensor]) as tf.Tensor2D;
}

function atOnce(...[hidden, head, otherHidden, otherHead]: Inputs): tf.Tensor2D {
  const logits = tf.matMul(hidden, head, false, true);
  const logps = tf.logSoftmax(logits);
  const others = tf.logSoftmax(tf.matMul(otherHidden, otherHead, false, true));
  const expectation = (x: tf.Tensor) => tf.sum(tf.mul(tf.exp(logps), x), 1);
  return tf.stack([
    tf.logSumExp(logits, 1),
    tf.neg(expectation(logps)),
    expectation(tf.sub(logps, others)),
  ]) as tf.Tensor2D;
}

/** The sums, then the gradients of hidden states and head for some upstream gradient. */
function differentiate(sums: typeof atOnce, [hidden, head, ...reference]: Inputs): tf.Tensor[] {
  const program = (hidden: tf.Tensor, head: tf.Tensor) =>
    sums(hidden as tf.Tensor2D, head as tf.Tensor2D, ...reference);
  const value = program(hidden, head);
  const dy = tf.tensor2d(
    Float32Array.from({ length: value.size }, (_, i) => Math.cos(3 * i)),
    value.shape,
  );
  return [value, ...tf.grads(program)([hidden, head], dy)];
}

afterEach(() => tf.setBackend("cpu"));

describe("scoring/vocabulary", () => {
  test.each([
    ["cpu", "op by op", false],
    ["ort", "op by op", false],
    ["ort", "compiled", true],
  ])(
    "equals the sums of all logits at once, with gradients, on %s %s",
    async (backend, _, compiled) => {
      await tf.setBackend("cpu");
      const expected = tf.tidy(() => differentiate(atOnce, inputs()).map((it) => it.dataSync()));
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const program = (...args: Inputs) => differentiate(inPieces, args);
      const run = compiled ? jit(program) : null;
      tf.tidy(() => {
        const actual = (run ?? program)(...inputs());
        expect(actual).toHaveLength(3);
        for (const [i, tensor] of actual.entries()) {
          expect(tensor.dataSync(), `result ${i}`).toBeAllClose(
            expected[i] as Float32Array,
            SAME_MATHS,
          );
        }
      });
      run?.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test("holds a few pieces of the logits at once, forward and backward", async () => {
    await tf.setBackend("ort");
    const [tokens, words, chunkBytes] = [200, 300, 10_000];
    const sum = (hidden: tf.Tensor, head: tf.Tensor) =>
      tf.sum(vocabularySums({ hidden, head } as LogitFactors, { chunkBytes }).logSumExp);
    const run = jit((hidden: tf.Tensor, head: tf.Tensor) => tf.grads(sum)([hidden, head]));
    tf.tidy(() => run(tf.ones([tokens, 2]), tf.ones([words, 2])));
    const [graph] = run.graphs() as [Graph];
    run.dispose();
    const sizes = graph.nodes.flatMap(({ outputs }) =>
      outputs.map(({ shape }) => shape.reduce((size, dim) => size * dim, 1)),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(chunkBytes / 4);
    // Logits, their exponentials and their gradients; the rest is vectors.
    expect(estimateMemory(graph).intermediates).toBeLessThan(4 * chunkBytes);
    expect(4 * tokens * words).toBeGreaterThan(20 * chunkBytes);
  });

  test("the divergence from itself is 0", () => {
    tf.tidy(() => {
      const [hidden, head] = inputs();
      const policy = { hidden, head };
      const { kl } = vocabularySums(policy, { reference: policy, chunkBytes: FEW_BYTES });
      expect(kl?.dataSync()).toBeAllClose(new Float32Array(TOKENS), { atol: 0, rtol: 0 });
    });
  });

  test("the entropy of equal logits is the log of their number", () => {
    tf.tidy(() => {
      const [hidden] = inputs();
      const { entropy } = vocabularySums(
        { hidden, head: tf.zeros([WORDS, WIDTH]) },
        { entropy: true },
      );
      const expected = new Float32Array(TOKENS).fill(Math.log(WORDS));
      expect(entropy?.dataSync()).toBeAllClose(expected, SAME_MATHS);
    });
  });

  test("refuses a reference with another vocabulary", () => {
    tf.tidy(() => {
      const [hidden, head] = inputs();
      const reference = { hidden, head: tf.slice(head, [0, 0], [WORDS - 1, WIDTH]) };
      expect(() => vocabularySums({ hidden, head }, { reference })).toThrow(/13 x 37.*13 x 36/);
    });
  });
});

describe("scoring/chunks", () => {
  test.each([
    [10, 3, 4 * 3 * 4],
    [7, 5, 1],
    [1, 1000, 4],
    [12, 2, 4 * 2 * 12],
  ])("covers %i rows of %i once, in pieces that fit", (rows, columns, bytes) => {
    const chunks = chunksOf(rows, columns, bytes);
    let at = 0;
    for (const { begin, size } of chunks) {
      expect(begin).toBe(at);
      expect(size).toBeGreaterThan(0);
      expect(size === 1 || 4 * size * columns <= bytes).toBe(true);
      at += size;
    }
    expect(at).toBe(rows);
  });
});
