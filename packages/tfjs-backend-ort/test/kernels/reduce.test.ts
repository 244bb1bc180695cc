import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  compileKernel,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  expectSlope,
  floats,
  type HostInput,
  type KernelAttrs,
  RUNS,
  runKernel,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

// Sums and products of up to 41 float32 terms, of magnitude 1, in another order than cpu.
const ACCUMULATION: Tolerance = { rtol: 1e-5, atol: 1e-5 };

/** Shapes with the axes to reduce: none, first, last, middle, several, negative, all. */
const REDUCTIONS: readonly (readonly [readonly number[], readonly number[] | null])[] = [
  [[], []],
  [[41], [0]],
  [[3, 37], [-1]],
  [[5, 9], [0]],
  [[2, 3, 4], [1]],
  [
    [2, 3, 4],
    [2, 0],
  ],
  [[2, 3, 4], null],
  [[3, 1, 2], [1]],
  [[0, 3], [1]],
];

// One tie in three, so that extremes are not unique.
const TIES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, 2, 2];

interface Case {
  readonly types: readonly TensorType[];
  /** Floats lie in `[-range, range]`, integers in `[-integers, integers]`. */
  readonly range: number;
  readonly integers?: number;
  readonly specials?: readonly number[];
}

const ALL_TYPES: readonly TensorType[] = ["float32", "int32", "bool"];
const CASES: Readonly<Record<string, Case>> = {
  Sum: { types: ALL_TYPES, range: 1 },
  // In float32 the order of factors decides what overflows.
  Prod: { types: ALL_TYPES, range: 1.5, integers: 2, specials: [Number.NaN, 0, 1, -1] },
  Mean: { types: ALL_TYPES, range: 10, specials: [Number.NaN, Number.POSITIVE_INFINITY] },
  Max: { types: ALL_TYPES, range: 9, specials: TIES },
  Min: { types: ALL_TYPES, range: 9, specials: TIES },
  All: { types: ["bool"], range: 1 },
  Any: { types: ["bool"], range: 1 },
};

// tfjs' gradient of prod calls this method, which tensors have only in the bundle @tensorflow/tfjs.
Object.assign(tf.Tensor.prototype, {
  reshape(this: tf.Tensor, shape: number[]): tf.Tensor {
    return tf.reshape(this, shape);
  },
});

beforeAll(useOrt);

describe("kernels/reduce", () => {
  test.each(Object.entries(CASES))("%s gives what cpu gives", (kernel, testCase) => {
    const { types, range, integers = 1000, specials = [] } = testCase;
    for (const keepDims of [false, true]) {
      for (const [shape, axes] of REDUCTIONS) {
        const attrs = attributesOf(kernel, axes, keepDims);
        const compiled = keepDims ? undefined : compileKernel(kernel, attrs);
        const input = fc.constantFrom(...types).chain((dtype) => {
          const limit = dtype === "int32" ? integers : range;
          return tensorOf(shape, dtype, elementsOf(dtype, limit, specials));
        });
        fc.assert(
          fc.property(input, (x) => expectSameAsCpu(kernel, { x }, attrs, ACCUMULATION, compiled)),
          { ...RUNS, numRuns: 6 },
        );
        compiled?.dispose();
      }
    }
  });

  test.each(["ArgMax", "ArgMin"])("%s gives what cpu gives, NaN and ties included", (kernel) => {
    const cases = [
      [[41], 0],
      [[3, 37], -1],
      [[5, 9], 0],
      [[2, 3, 4], 1],
      [[0, 3], 1],
      [[3, 0], 1],
    ] as const;
    for (const [shape, axis] of cases) {
      const compiled = compileKernel(kernel, { axis });
      const input = fc
        .constantFrom(...ALL_TYPES)
        .chain((dtype) => tensorOf(shape, dtype, elementsOf(dtype, 3, TIES)));
      fc.assert(
        fc.property(input, (x) => expectSameAsCpu(kernel, { x }, { axis }, ACCUMULATION, compiled)),
        { ...RUNS, numRuns: 9 },
      );
      compiled.dispose();
    }
  });

  test("Softmax gives what cpu gives", () => {
    const input = fc
      .constantFrom([5], [3, 1], [2, 3, 17], [0, 3], [2, 0])
      .chain((shape) => tensorOf(shape, "float32", floats(-9, 9, TIES)));
    const compiled = compileKernel("Softmax", { dim: -1 });
    fc.assert(
      fc.property(input, (logits) =>
        expectSameAsCpu("Softmax", { logits }, { dim: -1 }, ACCUMULATION, compiled),
      ),
      RUNS,
    );
    compiled.dispose();
  });

  test("LogSoftmax, which cpu lacks, is the logarithm of Softmax", () => {
    const logits: HostInput = { dtype: "float32", shape: [2, 3], data: [1, 2, 3, -50, 0, 40] };
    const [result] = runKernel(BACKEND_NAME, "LogSoftmax", { logits }, { axis: -1 });
    const rows = [logits.data.slice(0, 3), logits.data.slice(3)];
    const expected = rows.flatMap((row) => {
      const sum = row.reduce((total, x) => total + Math.exp(x), 0);
      return row.map((x) => x - Math.log(sum));
    });
    expect(result?.data ?? []).toBeAllClose(expected, ACCUMULATION);
  });

  test("softmax may run along any axis", () => {
    const logits: HostInput = { dtype: "float32", shape: [2, 2], data: [0, 1, 0, 3] };
    const [result] = runKernel(BACKEND_NAME, "Softmax", { logits }, { dim: 0 });
    const last = 1 / (1 + Math.exp(2));
    expect(result?.data ?? []).toBeAllClose([0.5, last, 0.5, 1 - last], ACCUMULATION);
  });

  test("reducing nothing gives the neutral element", () => {
    const empty = (dtype: TensorType): HostInput => ({ dtype, shape: [2, 0], data: [] });
    const reduce = (kernel: string, dtype: TensorType = "float32"): number[] => {
      const attrs = attributesOf(kernel, [1], false);
      return Array.from(runKernel(BACKEND_NAME, kernel, { x: empty(dtype) }, attrs)[0]?.data ?? []);
    };
    expect(reduce("Sum")).toEqual([0, 0]);
    expect(reduce("Sum", "int32")).toEqual([0, 0]);
    expect(reduce("Mean")).toEqual([0, 0]);
    expect(reduce("Prod")).toEqual([1, 1]);
    // cpu gives NaN here, and 0 for All: it starts from an element that does not exist.
    expect(reduce("Max")).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(reduce("Min")).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(reduce("Max", "int32")).toEqual([-(2 ** 31), -(2 ** 31)]);
    expect(reduce("All", "bool")).toEqual([1, 1]);
    expect(reduce("Any", "bool")).toEqual([0, 0]);
  });

  test("a sum of integers wraps around", () => {
    const x: HostInput = { dtype: "int32", shape: [3], data: [2 ** 31 - 1, 2 ** 31 - 1, 5] };
    expectSameAsCpu("Sum", { x }, { axis: null, keepDims: false }, ACCUMULATION);
  });

  test("an axis out of range is refused", () => {
    const x: HostInput = { dtype: "float32", shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    expect(() => runKernel(BACKEND_NAME, "Sum", { x }, { axis: [2] })).toThrow(/axis/i);
  });

  const PROGRAMS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
    sum: (x) => tf.sum(tf.square(x), 1),
    mean: (x) => tf.mean(tf.square(x), [0, 2], true),
    prod: (x) => tf.prod(x, 2),
    max: (x) => tf.max(x, 1),
    min: (x) => tf.min(x, [0, 1]),
    softmax: (x) => tf.softmax(x),
    logSoftmax: (x) => tf.logSoftmax(x),
    logSumExp: (x) => tf.logSumExp(x, 1),
  };

  test.each(Object.entries(PROGRAMS))("gradient of %s", async (_, program) => {
    // Distinct by more than the step of the finite differences, so that extremes are unique.
    const data = Array.from({ length: 12 }, (_unused, i) => ((i * 5) % 12) * 0.2 - 1.1);
    const x: HostInput = { dtype: "float32", shape: [2, 3, 2], data };
    await expectGradientsOfCpu(program, [x]);
    expectSlope(program, x);
  });

  test("the gradient of max goes to every tied element", async () => {
    const x: HostInput = { dtype: "float32", shape: [4], data: [1, 3, 3, 2] };
    await expectGradientsOfCpu((t) => tf.max(t), [x]);
  });
});

function attributesOf(
  kernel: string,
  axes: readonly number[] | null,
  keepDims: boolean,
): KernelAttrs {
  return kernel === "Max" ? { reductionIndices: axes, keepDims } : { axis: axes, keepDims };
}
