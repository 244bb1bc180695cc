/** The operations of src/ops: values and gradients against plain tfjs ops, on every way to run. */
import { type Numbers, numericGradient } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { BACKEND_NAME, jit, logSoftmaxAt, selectBackend, updateAt } from "../../src/index.ts";
import { CASES, type OpCase } from "./cases.ts";

// Sums of a few dozen float32 terms of order 1, in another order.
const SAME_MATHS = { rtol: 1e-5, atol: 2e-6 };
// A float32 function has about 7 digits, of which a central difference keeps half.
const FINITE_DIFFERENCE = { rtol: 1e-3, atol: 1e-3 };

/** Numbers of order 1 without a pattern; the same for the same seed. */
function numbers(shape: readonly number[], seed: number): Float32Array {
  const length = shape.reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length }, (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + 78.233 * seed));
}

function inputs({ shapes }: OpCase): tf.Tensor[] {
  return shapes.map((shape, i) => tf.tensor(numbers(shape, i), [...shape]));
}

/** Value, then the gradient of every input for a fixed upstream gradient. */
function differentiate(fn: OpCase["op"], xs: readonly tf.Tensor[]): tf.Tensor[] {
  const value = fn(...xs);
  const dy = tf.tensor(numbers(value.shape, 99), value.shape);
  return [value, ...tf.grads(fn as (...args: tf.Tensor[]) => tf.Tensor)([...xs], dy)];
}

async function run(
  backend: string,
  fn: OpCase["op"],
  testCase: OpCase,
  compiled: boolean,
): Promise<Numbers[]> {
  await selectBackend(backend as "cpu");
  const program = (...xs: tf.Tensor[]) => differentiate(fn, xs);
  const step = compiled ? jit(program) : null;
  const results = tf.tidy(() =>
    (step ?? program)(...inputs(testCase)).map((result) => result.dataSync()),
  );
  step?.dispose();
  return results;
}

afterEach(() => tf.setBackend("cpu"));

describe.each(CASES)("ops $name", (testCase) => {
  test.each([
    ["cpu", "op by op", false],
    ["wasm", "op by op", false],
    [BACKEND_NAME, "op by op", false],
    [BACKEND_NAME, "compiled", true],
  ])("equals plain tfjs ops on cpu, values and gradients, on %s %s", async (backend, _, jitted) => {
    const expected = await run("cpu", testCase.plain, testCase, false);
    const actual = await run(backend, testCase.op, testCase, jitted);
    expect(actual).toHaveLength(1 + testCase.shapes.length);
    for (const [i, values] of actual.entries()) {
      expect(values, `output ${i}`).toBeAllClose(expected[i] as Numbers, SAME_MATHS);
    }
  });

  test("has the gradient that finite differences give", async () => {
    await tf.setBackend("cpu");
    const [, ...gradients] = await run("cpu", testCase.op, testCase, false);
    testCase.shapes.forEach((shape, i) => {
      const loss = (x: Float64Array): number =>
        tf.tidy(() => {
          const xs = inputs(testCase);
          xs[i] = tf.tensor(Float32Array.from(x), [...shape]);
          const value = testCase.op(...xs);
          const dy = tf.tensor(numbers(value.shape, 99), value.shape);
          return tf.sum(tf.mul(value, dy)).dataSync()[0] as number;
        });
      expect(gradients[i]).toBeAllClose(
        numericGradient(loss, numbers(shape, i)),
        FINITE_DIFFERENCE,
      );
    });
  });

  test("leaves no tensor behind", async () => {
    await tf.setBackend(BACKEND_NAME);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      differentiate(testCase.op, inputs(testCase));
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("ops logSoftmaxAt", () => {
  test("stays finite for logits of 1e4", async () => {
    await tf.setBackend(BACKEND_NAME);
    const logits = tf.tensor2d([1e4, -1e4, 0, 0], [2, 2]);
    const [far, even] = logSoftmaxAt(logits, tf.tensor1d([1, 0], "int32")).dataSync();
    expect(far).toBe(-2e4);
    expect(even).toBeCloseTo(-Math.LN2, 6);
  });
});

describe("ops updateAt", () => {
  test("writes a variable in place, run by run", async () => {
    await tf.setBackend(BACKEND_NAME);
    const cache = tf.variable(tf.zeros<tf.Rank.R3>([2, 3, 1]), false);
    const write = jit((position: tf.Tensor1D, update: tf.Tensor3D) => {
      cache.assign(updateAt(cache, position, update));
      return tf.sum(cache);
    });
    const sums = [2, 0].map((at) => {
      const update = tf.tensor3d([at + 1, 10], [2, 1, 1]);
      return write(tf.tensor1d([at], "int32"), update).dataSync()[0];
    });
    expect(sums).toEqual([13, 24]);
    expect([...cache.dataSync()]).toEqual([1, 0, 3, 10, 0, 10]);
  });

  test.each([3, -1])("position %i of 3 is an error", async (at) => {
    await tf.setBackend(BACKEND_NAME);
    const write = jit((position: tf.Tensor1D) =>
      updateAt(tf.zeros([2, 3, 1]), position, tf.ones([2, 1, 1])),
    );
    expect(() => write(tf.tensor1d([at], "int32"))).toThrow();
  });
});
