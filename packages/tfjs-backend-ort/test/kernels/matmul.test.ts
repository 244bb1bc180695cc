import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
  uneven,
} from "./random-cases.ts";
import { runKernel, useOrt } from "./support.ts";

// Sums of up to 5 products, each below 16, rounded per term in float32 and once on cpu.
const PRODUCT: Tolerance = { rtol: 2e-6, atol: 1e-5 };

const ACTIVATIONS = ["linear", "relu", "relu6", "elu", "leakyrelu", "prelu", "sigmoid"] as const;

const GRADIENTS: GradientCases = {
  "BatchMatMul of matrices": [product(false, false), [2, 3], [3, 4]],
  "BatchMatMul with both sides transposed": [product(true, true), [3, 2], [4, 3]],
  "BatchMatMul in batches": [product(false, true), [2, 2, 3], [2, 4, 3]],
  "BatchMatMul in batches, left side transposed": [product(true, false), [2, 3, 2], [2, 3, 4]],
  _FusedMatMul: [
    (a, b, bias) =>
      tf.fused.matMul({
        a: a as tf.Tensor,
        b: b as tf.Tensor,
        bias: bias as tf.Tensor,
        activation: "linear",
      }),
    [2, 3],
    [3, 4],
    [4],
  ],
};

beforeAll(useOrt);

describe("kernels/matmul", () => {
  test("BatchMatMul gives what cpu gives", () => {
    expectRandomCallsSameAsCpu("BatchMatMul", batchCall, PRODUCT, 48);
  });

  test.each(ACTIVATIONS)("_FusedMatMul with %s gives what cpu gives", (activation) => {
    expectRandomCallsSameAsCpu("_FusedMatMul", (draw) => fusedCall(draw, activation), PRODUCT, 12);
  });

  test("batches broadcast on both sides, which cpu gets wrong", () => {
    const [a, b] = [uneven([2, 1, 2, 3]), uneven([4, 3, 2])];
    const [actual] = runKernel(BACKEND_NAME, "BatchMatMul", { a, b }, transposes(false, false));
    const repeat = (data: readonly number[], size: number, batches: readonly number[]) =>
      batches.flatMap((batch) => data.slice(batch * size, (batch + 1) * size));
    const batches = Array.from({ length: 8 }, (_, i) => i);
    const wide = {
      a: {
        ...a,
        shape: [8, 2, 3],
        data: repeat(
          a.data,
          6,
          batches.map((i) => Math.floor(i / 4)),
        ),
      },
      b: {
        ...b,
        shape: [8, 3, 2],
        data: repeat(
          b.data,
          6,
          batches.map((i) => i % 4),
        ),
      },
    };
    const [expected] = runKernel("cpu", "BatchMatMul", wide, transposes(false, false));
    expect(actual?.shape).toEqual([2, 4, 2, 2]);
    expect(Array.from(actual?.data ?? [])).toBeAllClose(Array.from(expected?.data ?? []), PRODUCT);
  });

  test("no batches give no elements, where cpu gives some", () => {
    const [a, b] = [uneven([0, 2, 3]), uneven([3, 4])];
    const [result] = runKernel(BACKEND_NAME, "BatchMatMul", { a, b }, transposes(false, false));
    expect(result).toMatchObject({ shape: [0, 2, 4], data: new Float32Array(0) });
  });

  test("int32 wraps around where float32 would round", () => {
    const a = { dtype: "int32", shape: [1, 2], data: [2 ** 30, 3] } as const;
    const b = { dtype: "int32", shape: [2, 1], data: [4, 5] } as const;
    const [result] = runKernel(BACKEND_NAME, "BatchMatMul", { a, b }, transposes(false, false));
    expect(Array.from(result?.data ?? [])).toEqual([15]);
  });

  test("a sum over nothing is the bias", () => {
    const y = tf.fused.matMul({
      a: tf.zeros([2, 0]),
      b: tf.zeros([0, 3]),
      bias: tf.tensor1d([1, 2, 3]),
    });
    expect(Array.from(y.dataSync())).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test("an activation unknown to tfjs is refused", () => {
    const [a, b] = [uneven([2, 3]), uneven([3, 4])];
    const attrs = { ...transposes(false, false), activation: "gelu" };
    expect(() => runKernel(BACKEND_NAME, "_FusedMatMul", { a, b }, attrs)).toThrow(/gelu/);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });
});

function transposes(transposeA: boolean, transposeB: boolean) {
  return { transposeA, transposeB };
}

function product(transposeA: boolean, transposeB: boolean) {
  return (a?: tf.Tensor, b?: tf.Tensor) =>
    tf.matMul(a as tf.Tensor, b as tf.Tensor, transposeA, transposeB);
}

/** Operands of a product with batches that cpu multiplies rightly: one side has none or only 1s. */
function batchCall(draw: Draw): Call {
  const attrs = transposes(draw.oneIn(2), draw.oneIn(2));
  const dtype = draw.pick("float32", "float32", "int32");
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const batch = draw.shape(draw.int(0, 3), 1);
  const single = draw.oneIn(2) ? [] : batch.map(() => 1);
  const [left, right] = draw.pick([batch, batch], [single, batch], [batch, single]) as [
    number[],
    number[],
  ];
  return {
    inputs: {
      a: draw.tensor([...left, ...(attrs.transposeA ? [k, m] : [m, k])], dtype),
      b: draw.tensor([...right, ...(attrs.transposeB ? [n, k] : [k, n])], dtype),
    },
    attrs,
  };
}

function fusedCall(draw: Draw, activation: (typeof ACTIVATIONS)[number]): Call {
  const attrs = { ...transposes(draw.oneIn(2), draw.oneIn(2)), activation, leakyreluAlpha: 0.3 };
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const batch = draw.pick(1, 1, 3);
  // Only these functions take integers to integers.
  const integers = activation === "linear" || activation === "relu" || activation === "relu6";
  const dtype = integers && draw.oneIn(3) ? "int32" : "float32";
  const biases = [[n], [1], [], [m, n], [m, 1], [1, n], [1, 1, n], [batch, m, n]];
  const slopes = activation === "prelu" ? { preluActivationWeights: draw.tensor([n]) } : {};
  return {
    inputs: {
      a: draw.tensor([batch, ...(attrs.transposeA ? [k, m] : [m, k])], dtype),
      b: draw.tensor([draw.pick(1, batch), ...(attrs.transposeB ? [n, k] : [k, n])], dtype),
      ...(draw.oneIn(4) ? {} : { bias: draw.tensor(draw.pick(...biases), dtype) }),
      ...slopes,
    },
    attrs,
  };
}
