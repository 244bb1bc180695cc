import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";

/** Both backends compute in float32 and sum in different orders. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };

beforeEach(() => tf.setBackend("ort"));

async function onCpu<T>(fn: () => T): Promise<T> {
  await tf.setBackend("cpu");
  try {
    return fn();
  } finally {
    await tf.setBackend("ort");
  }
}

describe("jit/jit", () => {
  it("gives what the function gives on cpu", async () => {
    const fn = (x: tf.Tensor, y: tf.Tensor): tf.Tensor =>
      tf.softmax(tf.add(tf.matMul(x, y), tf.scalar(0.5)));
    const x = [1, 2, 3, 4, 5, 6];
    const compiled = jit(fn)(tf.tensor2d(x, [2, 3]), tf.tensor2d(x, [3, 2])).dataSync();
    const expected = await onCpu(() =>
      fn(tf.tensor2d(x, [2, 3]), tf.tensor2d(x, [3, 2])).dataSync(),
    );
    expect(compiled).toBeAllClose(expected, FLOAT32);
  });

  it("compiles once per signature", () => {
    let traced = 0;
    const double = jit((x: tf.Tensor, { times }: { times: number }) => {
      traced++;
      return tf.mul(x, times);
    });
    for (const times of [2, 2, 3]) double(tf.tensor1d([1, 2]), { times });
    double(tf.tensor1d([1, 2, 3]), { times: 2 });
    double(tf.tensor1d([1, 2], "int32"), { times: 2 });
    expect(traced).toBe(4);
    expect(double.graphs()).toHaveLength(4);
    expect([...double(tf.tensor1d([1, 2]), { times: 3 }).dataSync()]).toEqual([3, 6]);
  });

  it("prints the graph it runs", () => {
    const fn = jit((x: tf.Tensor) => tf.add(tf.mul(x, 2), 1), { name: "affine" });
    fn(tf.tensor1d([1, 2]));
    const [graph] = fn.graphs();
    expect(graph?.name).toBe("affine");
    expect(graph?.nodes.map(({ op }) => op)).toEqual(["Mul", "Add"]);
    expect(String(graph)).toContain("Mul");
  });

  it("keeps the form of nested results, and passes inputs, constants and repeats through", () => {
    const fn = jit((x: tf.Tensor) => {
      const y = tf.square(x);
      return { x, twice: [y, y], constant: tf.scalar(7), label: "kept", none: null };
    });
    const { x, twice, constant, label, none } = fn(tf.tensor1d([3]));
    expect([x, ...twice, constant].map((t) => t.dataSync()[0])).toEqual([3, 9, 9, 7]);
    expect([label, none]).toEqual(["kept", null]);
  });

  it("works on int32 and bool tensors and on tensors without elements", () => {
    const fn = jit((x: tf.Tensor, keep: tf.Tensor) => tf.where(keep, x, tf.zerosLike(x)));
    const result = fn(tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([true, false, true], "bool"));
    expect(result.dtype).toBe("int32");
    expect([...result.dataSync()]).toEqual([1, 0, 3]);
    const none = jit((x: tf.Tensor) => tf.add(x, 1))(tf.zeros([0, 3]));
    expect(none.shape).toEqual([0, 3]);
  });

  it("runs what returns no tensors", () => {
    expect(jit((x: tf.Tensor) => tf.unstack(x))(tf.zeros([0, 2]))).toEqual([]);
    expect(jit((x: tf.Tensor) => ({ rank: x.rank }))(tf.zeros([3]))).toEqual({ rank: 1 });
  });

  it("passes NaN and infinities on", () => {
    const [nan, inf, minusInf] = jit((x: tf.Tensor) => tf.mul(x, 2))(
      tf.tensor1d([Number.NaN, Infinity, -Infinity]),
    ).dataSync();
    expect([nan, inf, minusInf]).toEqual([Number.NaN, Infinity, -Infinity]);
  });

  it("is inlined inside another compiled function and under a gradient tape", () => {
    const inner = jit((x: tf.Tensor) => tf.square(x));
    const outer = jit((x: tf.Tensor) => tf.add(inner(x), 1));
    expect(outer(tf.scalar(3)).dataSync()[0]).toBe(10);
    expect(inner.graphs()).toHaveLength(0);
    const slope = tf.grad((x: tf.Tensor) => inner(x))(tf.scalar(3));
    expect(slope.dataSync()[0]).toBe(6);
  });

  it("is the function itself, in a tidy, on another backend", async () => {
    const fn = jit((x: tf.Tensor) => tf.add(tf.mul(x, 2), 1));
    await onCpu(() => {
      const before = tf.memory().numTensors;
      const x = tf.scalar(4);
      expect(fn(x).dataSync()[0]).toBe(9);
      expect(tf.memory().numTensors - before).toBe(2);
    });
    expect(fn.graphs()).toHaveLength(0);
  });

  it("leaves only its results behind, also inside nested tidies", () => {
    const weight = tf.variable(tf.ones([4, 4]));
    const fn = jit((x: tf.Tensor) => tf.tidy(() => tf.sum(tf.tidy(() => tf.matMul(x, weight)))));
    const x = tf.ones([2, 4]);
    fn(x).dispose();
    const before = tf.memory();
    const result = tf.tidy(() => fn(x));
    expect(tf.memory().numTensors).toBe(before.numTensors + 1);
    result.dispose();
    expect(tf.memory()).toEqual(before);
    fn.dispose();
    weight.dispose();
  });

  it("gives bit-identical results in two compilations", () => {
    const fn = (x: tf.Tensor): tf.Tensor => tf.logSoftmax(tf.matMul(x, x));
    const x = tf.tensor2d(
      Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i)),
      [64, 64],
    );
    expect(jit(fn)(x).dataSync()).toEqual(jit(fn)(x).dataSync());
  });

  it("runs again after dispose", () => {
    const fn = jit((x: tf.Tensor) => tf.add(x, 1));
    fn(tf.scalar(1));
    fn.dispose();
    expect(fn.graphs()).toHaveLength(0);
    expect(fn(tf.scalar(1)).dataSync()[0]).toBe(2);
  });

  it("answers asynchronously with the same numbers and refuses overlapping runs", async () => {
    const fn = jit((x: tf.Tensor) => tf.matMul(x, x));
    const x = tf.tensor2d(
      Float32Array.from({ length: 256 * 256 }, (_, i) => Math.cos(i)),
      [256, 256],
    );
    const first = fn.async(x);
    await expect(fn.async(x)).rejects.toThrow("expected one run at a time");
    expect((await first).dataSync()).toEqual(fn(x).dataSync());
  });

  it("drops the least recently used signature when told to evict", () => {
    const fn = jit((x: tf.Tensor) => tf.add(x, 1), { cacheSize: 2, whenFull: "evict" });
    for (const size of [1, 2, 1, 3]) fn(tf.ones([size]));
    expect(fn.graphs().map(({ inputs }) => inputs[0]?.shape)).toEqual([[1], [3]]);
  });
});
