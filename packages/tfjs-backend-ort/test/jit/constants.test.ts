import { leakedTensors } from "@preflab/testing";
import { ConstantTensors, jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { loadRuntime } from "../../src/runtime/select.ts";

beforeEach(() => tf.setBackend("ort"));

// Products of a stored and of a fed matrix add the same 64 terms in another order.
const SAME_MATHS = { rtol: 1e-5, atol: 1e-5 };
/** Matrices of together 16 MB, as sizes of small models go. */
const [SIDE, COUNT] = [256, 64];
/**
 * Bytes that ten more functions may grow the process by: noise of allocators. Each would take more
 * than twice the 16 MB if it stored them for itself.
 */
const SLACK = 80e6;

/** A matrix of order 1 without a pattern. */
function matrix(rows: number, columns: number): tf.Tensor2D {
  const numbers = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(12.9898 * i));
  return tf.tensor2d(numbers, [rows, columns]);
}

describe("jit/constants", () => {
  it.each([false, true])("gives what fed weights give, transposed: %s", (transposed) => {
    const [weight, table] = [matrix(64, 64), matrix(50, 64)];
    const constants = new ConstantTensors([weight, table]);
    const fn = (ids: tf.Tensor1D) =>
      tf.matMul(tf.gather(table, ids), weight, false, transposed) as tf.Tensor2D;
    const [fed, stored] = [jit(fn), jit(fn, { constants })];
    const ids = tf.tensor1d([3, 1, 4], "int32");
    expect(stored(ids).dataSync()).toBeAllClose(fed(ids).dataSync(), SAME_MATHS);
    const canStore = loadRuntime().createWeightStore !== null;
    expect(stored.graphs()[0]?.inputs).toHaveLength(canStore ? 1 : 3);
    expect(fed.graphs()[0]?.inputs).toHaveLength(3);
  });

  it("lives as long as a function needs it, whatever is disposed first", () => {
    const weight = matrix(64, 64);
    const expected = [...tf.matMul(tf.ones([1, 64]), weight).dataSync()];
    const constants = new ConstantTensors([weight]);
    const product = jit((x: tf.Tensor2D) => tf.matMul(x, weight), { constants });
    const rows = (count: number) => tf.ones<tf.Rank.R2>([count, 64]);
    product(rows(1));
    weight.dispose();
    constants.dispose();
    expect(product(rows(1)).dataSync()).toBeAllClose(expected, SAME_MATHS);
    expect(() => product(rows(2))).toThrow("live ones, got disposed ones");
    product.dispose();
    constants.dispose();
  });

  it("reads variables live all the same", () => {
    const weight = tf.variable(matrix(64, 64));
    expect(() => new ConstantTensors([weight])).toThrow("got a variable of shape [64,64]");
    // A clone shares its data with the variable.
    const constants = new ConstantTensors([weight.clone()]);
    const total = jit(() => tf.sum(weight), { constants });
    total();
    weight.assign(tf.zeros([64, 64]));
    expect(total().dataSync()[0]).toBe(0);
  });

  it("does nothing on other backends", async () => {
    await tf.setBackend("cpu");
    const weight = matrix(64, 64);
    const sum = jit(() => tf.sum(weight), { constants: new ConstantTensors([weight]) });
    expect(sum().dataSync()).toBeAllClose(tf.sum(weight).dataSync(), SAME_MATHS);
  });

  it("stores matrices once more, however many functions have them", () => {
    const weights = Array.from({ length: COUNT }, (_, i) => matrix(SIDE, SIDE + i));
    const constants = new ConstantTensors(weights);
    const programs = Array.from({ length: 11 }, (_, i) => {
      const program = jit(
        (x: tf.Tensor2D) => weights.map((weight) => tf.sum(tf.matMul(x, weight))),
        {
          constants,
        },
      );
      tf.dispose(program(tf.ones([i + 1, SIDE])));
      return { program, memory: process.memoryUsage().rss };
    });
    const [first, last] = [programs[0], programs.at(-1)].map((it) => it?.memory as number);
    expect((last as number) - (first as number)).toBeLessThan(SLACK);
    for (const { program } of programs) program.dispose();
    constants.dispose();
  });

  it("leaves no tensor behind", async () => {
    const leaked = await leakedTensors(async () => {
      const weight = matrix(64, 64);
      const constants = new ConstantTensors([weight]);
      const product = jit((x: tf.Tensor2D) => tf.matMul(x, weight), { constants });
      tf.tidy(() => {
        product(tf.ones([1, 64]));
      });
      product.dispose();
      constants.dispose();
      weight.dispose();
    });
    expect(leaked).toBe(0);
  });
});
