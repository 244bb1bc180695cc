import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { jit } from "../../src/index.ts";
import {
  compileKernel,
  EXACT,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  type KernelAttrs,
  RUNS,
  SHAPES,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

beforeAll(useOrt);

describe("kernels/creation", () => {
  test.each<KernelAttrs>([
    { shape: [2, 3], value: 1.5, dtype: "float32" },
    { shape: [], value: Number.NaN, dtype: "float32" },
    { shape: [], value: Number.POSITIVE_INFINITY, dtype: "float32" },
    { shape: [0, 2], value: 1, dtype: "float32" },
    { shape: [3], value: -2.7, dtype: "int32" },
    { shape: [3], value: 1, dtype: "bool" },
    { shape: [3], value: 4 },
  ])("Fill %o gives what cpu gives", (attrs) => expectWithoutInputs("Fill", attrs));

  test.each<KernelAttrs>([
    { start: 0, stop: 5, step: 1, dtype: "float32" },
    { start: 0, stop: 1, step: 0.1, dtype: "float32" },
    { start: 5, stop: 0, step: -2, dtype: "int32" },
    { start: 3, stop: 0, step: 1, dtype: "int32" },
    { start: 0, stop: 3, step: -1, dtype: "float32" },
    { start: 3, stop: 0, step: 2, dtype: "float32" },
    { start: 2, stop: 2, step: 1, dtype: "float32" },
    { start: 0, stop: 3, step: 0.5, dtype: "int32" },
  ])("Range %o gives what cpu gives", (attrs) => expectWithoutInputs("Range", attrs));

  test.each<KernelAttrs>([
    { start: 1, stop: 10, num: 10 },
    { start: 3, stop: -1, num: 7 },
    { start: 4, stop: 9, num: 1 },
  ])("LinSpace %o gives what cpu gives", (attrs) => expectWithoutInputs("LinSpace", attrs));

  test.each(["ZerosLike", "OnesLike", "Identity"])("%s gives what cpu gives", (kernel) => {
    const compiled = compileKernel(kernel);
    const input = fc
      .tuple(fc.constantFrom(...SHAPES), fc.constantFrom<TensorType>("float32", "int32", "bool"))
      .chain(([shape, dtype]) => tensorOf(shape, dtype, elementsOf(dtype, 9)));
    fc.assert(
      fc.property(input, (x) => expectSameAsCpu(kernel, { x }, {}, EXACT, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test.each<KernelAttrs>([
    { depth: 4, onValue: 1, offValue: 0, dtype: "int32" },
    { depth: 3, onValue: 2.5, offValue: -1, dtype: "float32" },
    { depth: 1, onValue: 1, offValue: 0, dtype: "bool" },
  ])("OneHot %o gives what cpu gives, indices out of range included", (attrs) => {
    const compiled = compileKernel("OneHot", attrs);
    const input = fc
      .constantFrom([], [5], [2, 3], [0])
      .chain((shape) => tensorOf(shape, "int32", fc.integer({ min: -6, max: 6 })));
    fc.assert(
      fc.property(input, (indices) =>
        expectSameAsCpu("OneHot", { indices }, attrs, EXACT, compiled),
      ),
      RUNS,
    );
    compiled.dispose();
  });

  test("the gradient passes through clone and not through zerosLike", async () => {
    const x = { dtype: "float32", shape: [3], data: [1, 2, 3] } as const;
    await expectGradientsOfCpu((t) => tf.add(tf.mul(tf.clone(t), t), tf.zerosLike(t)), [x]);
  });

  test("random ops are refused in a compiled function", () => {
    const noisy = jit((x: tf.Tensor) => tf.add(x, tf.randomNormal([3])));
    expect(() => noisy(tf.zeros([3]))).toThrow(/randomNormal/);
    const draws = jit((x: tf.Tensor2D) => tf.multinomial(x, 2));
    expect(() => draws(tf.zeros([1, 3]))).toThrow(/multinomial/i);
  });
});

function expectWithoutInputs(kernel: string, attrs: KernelAttrs): void {
  const compiled = compileKernel(kernel, attrs);
  expectSameAsCpu(kernel, {}, attrs, EXACT, compiled);
  compiled.dispose();
}
