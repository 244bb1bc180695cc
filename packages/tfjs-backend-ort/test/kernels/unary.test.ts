import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  compileKernel,
  EXACT,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  expectSlope,
  floats,
  type HostInput,
  type Program,
  ROUNDING,
  RUNS,
  runKernel,
  SHAPES,
  SPECIAL_FLOATS,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

// tfjs approximates erf to 1.5e-7 (Abramowitz and Stegun 7.1.26); ONNX Runtime is nearly exact.
const ERF: Tolerance = { rtol: 0, atol: 5e-7 };

// float32 to float32 functions that must be right relative to tiny results.
const RELATIVE: Tolerance = { rtol: 5e-7, atol: 0 };

// What typed arrays wrap around or turn to 0.
const FLOATS_TO_CAST = [...SPECIAL_FLOATS, 3e9, -3e9, 2 ** 40 + 2 ** 20, -0.5, 0.5];

const FLOAT_ONLY: readonly TensorType[] = ["float32"];
const ALL_TYPES: readonly TensorType[] = ["float32", "int32", "bool"];

interface Case {
  readonly types: readonly TensorType[];
  /** Inputs lie in `[-range, range]`. */
  readonly range: number;
  readonly tolerance?: Tolerance;
}

const CASES: Readonly<Record<string, Case>> = {
  Exp: { types: ALL_TYPES, range: 10 },
  Expm1: { types: FLOAT_ONLY, range: 10 },
  Log: { types: FLOAT_ONLY, range: 10 },
  Log1p: { types: FLOAT_ONLY, range: 3 },
  Sqrt: { types: FLOAT_ONLY, range: 10 },
  Rsqrt: { types: FLOAT_ONLY, range: 10 },
  Reciprocal: { types: ["float32", "int32"], range: 3 },
  Square: { types: ["float32", "int32"], range: 1000 },
  Tanh: { types: FLOAT_ONLY, range: 5 },
  Erf: { types: FLOAT_ONLY, range: 3, tolerance: ERF },
  Sigmoid: { types: FLOAT_ONLY, range: 20 },
  Softplus: { types: FLOAT_ONLY, range: 20 },
  Neg: { types: ["float32", "int32"], range: 1000 },
  Abs: { types: ["float32", "int32"], range: 1000 },
  Floor: { types: ["float32", "int32"], range: 10 },
  Ceil: { types: ["float32", "int32"], range: 10 },
  Round: { types: ["float32", "int32"], range: 10 },
  Sign: { types: ALL_TYPES, range: 3 },
  Sin: { types: FLOAT_ONLY, range: 10 },
  Cos: { types: FLOAT_ONLY, range: 10 },
  Tan: { types: FLOAT_ONLY, range: 1.4 },
  Asin: { types: FLOAT_ONLY, range: 1.1 },
  Acos: { types: FLOAT_ONLY, range: 1.1 },
  Atan: { types: FLOAT_ONLY, range: 10 },
  Sinh: { types: FLOAT_ONLY, range: 5 },
  Cosh: { types: FLOAT_ONLY, range: 5 },
  Asinh: { types: FLOAT_ONLY, range: 10 },
  Acosh: { types: FLOAT_ONLY, range: 10 },
  Atanh: { types: FLOAT_ONLY, range: 0.99 },
  IsNan: { types: ALL_TYPES, range: 3 },
  IsInf: { types: ALL_TYPES, range: 3 },
  IsFinite: { types: ALL_TYPES, range: 3 },
};

/** Differentiable functions with an interval on which they are smooth. */
const SMOOTH: Readonly<Record<string, readonly [Program, number, number]>> = {
  exp: [tf.exp, -2, 2],
  expm1: [tf.expm1, -2, 2],
  log: [tf.log, 0.3, 4],
  log1p: [tf.log1p, -0.6, 4],
  sqrt: [tf.sqrt, 0.3, 4],
  rsqrt: [tf.rsqrt, 0.5, 4],
  reciprocal: [tf.reciprocal, 0.5, 3],
  square: [tf.square, -2, 2],
  tanh: [tf.tanh, -2, 2],
  erf: [tf.erf, -2, 2],
  sigmoid: [tf.sigmoid, -3, 3],
  softplus: [tf.softplus, -3, 3],
  neg: [tf.neg, -2, 2],
  abs: [tf.abs, 0.1, 3],
  sin: [tf.sin, -3, 3],
  cos: [tf.cos, -3, 3],
  tan: [tf.tan, -1, 1],
  asin: [tf.asin, -0.8, 0.8],
  acos: [tf.acos, -0.8, 0.8],
  atan: [tf.atan, -3, 3],
  sinh: [tf.sinh, -2, 2],
  cosh: [tf.cosh, -2, 2],
  asinh: [tf.asinh, -3, 3],
  acosh: [tf.acosh, 1.3, 4],
  atanh: [tf.atanh, -0.7, 0.7],
};

/** Functions whose gradient is zero wherever it exists. */
const FLAT = { floor: tf.floor, ceil: tf.ceil, round: tf.round, sign: tf.sign };

beforeAll(useOrt);

describe("kernels/unary", () => {
  test.each(Object.entries(CASES))("%s gives what cpu gives", (kernel, testCase) => {
    const { types, range, tolerance = ROUNDING } = testCase;
    const compiled = compileKernel(kernel);
    const input = fc
      .tuple(fc.constantFrom(...SHAPES), fc.constantFrom(...types))
      .chain(([shape, dtype]) => tensorOf(shape, dtype, elementsOf(dtype, range)));
    fc.assert(
      fc.property(input, (x) => expectSameAsCpu(kernel, { x }, {}, tolerance, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test.each(Object.entries(SMOOTH))("gradient of %s", async (_, [program, min, max]) => {
    const [x] = fc.sample(tensorOf([2, 3], "float32", floats(min, max)), RUNS) as [HostInput];
    await expectGradientsOfCpu(program, [x]);
    expectSlope(program, x);
  });

  test.each(Object.entries(FLAT))("gradient of %s is zero", async (_, program) => {
    await expectGradientsOfCpu(program, [tensor([3], [-1.3, 0.2, 2.7])]);
  });

  test("functions are accurate near zero, where the naive formula loses all digits", () => {
    const tiny = [1e-12, -1e-12, 1e-7, -1e-7, 3e-4, -3e-4];
    for (const kernel of ["Expm1", "Log1p"]) {
      expectSameAsCpu(kernel, { x: tensor([6], tiny) }, {}, RELATIVE);
    }
  });

  test("Round breaks ties to even", () => {
    const ties = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 8388607.5, Number.NaN, Number.POSITIVE_INFINITY];
    expectSameAsCpu("Round", { x: tensor([9], ties) }, {}, EXACT);
  });

  test("Sign of NaN is 0", () => {
    const [sign] = runKernel(BACKEND_NAME, "Sign", { x: tensor([1], [Number.NaN]) });
    expect(sign?.data[0]).toBe(0);
  });

  test("Neg and Abs of the lowest int32 wrap around", () => {
    const x = { dtype: "int32", shape: [2], data: [-(2 ** 31), 7] } as const;
    for (const kernel of ["Neg", "Abs"]) expectSameAsCpu(kernel, { x }, {}, EXACT);
  });

  describe("Cast", () => {
    const TYPES: readonly TensorType[] = ["float32", "int32", "bool"];
    const pairs = TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const));

    test.each(pairs)("%s to %s gives what cpu gives", (from, dtype) => {
      const compiled = compileKernel("Cast", { dtype });
      const input = fc
        .constantFrom(...SHAPES)
        .chain((shape) => tensorOf(shape, from, elementsOf(from, 2 ** 20, FLOATS_TO_CAST)));
      fc.assert(
        fc.property(input, (x) => expectSameAsCpu("Cast", { x }, { dtype }, EXACT, compiled)),
        RUNS,
      );
      compiled.dispose();
    });

    test("the gradient keeps the element type of the input", async () => {
      const program = (x: tf.Tensor): tf.Tensor =>
        tf.mul(tf.cast(tf.cast(x, "bool"), "float32"), x);
      await expectGradientsOfCpu(program, [tensor([3], [-1, 0, 2])]);
    });

    test("a type that graphs cannot hold is refused by name", () => {
      const compiled = compileKernel("Cast", { dtype: "complex64" });
      expect(() => compiled({ x: tensor([1], [1]) })).toThrow(/complex64/);
    });
  });
});

function tensor(shape: readonly number[], data: readonly number[]): HostInput {
  return { dtype: "float32", shape, data };
}
