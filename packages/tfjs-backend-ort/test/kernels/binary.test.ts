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
  SHAPE_PAIRS,
  SPECIAL_FLOATS,
  type TensorType,
  tensorFrom,
  tensorOf,
  useOrt,
} from "./support.ts";

// powf against a float64 power rounded once: relative error grows with the exponent (up to 3 here).
const POWER: Tolerance = { rtol: 1e-5, atol: 1e-6 };

interface Case {
  readonly types: readonly TensorType[];
  readonly range: number;
  readonly specials?: readonly number[];
  /** Floats are multiples of it. */
  readonly grid?: number;
  readonly tolerance?: Tolerance;
}

// Products of two int32 below 2^26 are exact in the float64 that cpu multiplies in.
const INTEGERS = 2 ** 26;
const NUMBERS: readonly TensorType[] = ["float32", "int32"];

const CASES: Readonly<Record<string, Case>> = {
  Add: { types: NUMBERS, range: INTEGERS },
  Sub: { types: NUMBERS, range: INTEGERS },
  Multiply: { types: ["float32", "int32", "bool"], range: INTEGERS },
  RealDiv: { types: NUMBERS, range: 5 },
  // A quotient beyond 2^63 keeps no bits that int32 could hold.
  FloorDiv: {
    types: NUMBERS,
    range: 5,
    grid: 0.25,
    specials: [Number.NaN, Number.POSITIVE_INFINITY, -0, 0],
  },
  Mod: { types: NUMBERS, range: 5 },
  Maximum: { types: ["float32", "int32", "bool"], range: 5 },
  Minimum: { types: ["float32", "int32", "bool"], range: 5 },
  // 1 ** NaN and 1 ** Infinity are 1 in IEEE 754 and NaN in JavaScript: tested below.
  Pow: { types: NUMBERS, range: 3, specials: [0, 1, 2, -1], tolerance: POWER },
  SquaredDifference: { types: NUMBERS, range: 1000 },
  Atan2: { types: ["float32"], range: 5 },
  BitwiseAnd: { types: ["int32"], range: 2 ** 31 - 1 },
};

beforeAll(useOrt);

describe("kernels/binary", () => {
  test.each(Object.entries(CASES))("%s gives what cpu gives", (kernel, testCase) => {
    const { types, range, specials = SPECIAL_FLOATS, grid, tolerance = ROUNDING } = testCase;
    const compiled = compileKernel(kernel);
    const inputs = fc
      .tuple(fc.constantFrom(...SHAPE_PAIRS), fc.constantFrom(...types))
      .chain(([[left, right], dtype]) => {
        const elements = elementsOf(dtype, range, specials).map((x) =>
          grid ? Math.round(x / grid) * grid : x,
        );
        return fc.record({
          a: tensorOf(left, dtype, elements),
          b: tensorOf(right, dtype, elements),
        });
      });
    fc.assert(
      fc.property(inputs, (pair) => expectSameAsCpu(kernel, pair, {}, tolerance, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test("integers wrap around", () => {
    const a = int32([2 ** 31 - 1, -(2 ** 31), 65536]);
    const b = int32([1, -1, 65536]);
    for (const kernel of ["Add", "Sub", "Multiply"]) expectSameAsCpu(kernel, { a, b }, {}, EXACT);
  });

  test("integer division by zero, and of the lowest integer by -1, does not trap", () => {
    const a = int32([1, -1, 0, -(2 ** 31)]);
    const b = int32([0, 0, 0, -1]);
    for (const kernel of ["RealDiv", "FloorDiv", "Mod"]) {
      expectSameAsCpu(kernel, { a, b }, {}, EXACT);
    }
  });

  test("FloorDiv rounds down and Mod has the sign of the divisor", () => {
    const a = int32([7, -7, 7, -7]);
    const b = int32([2, 2, -2, -2]);
    expect(values("FloorDiv", a, b)).toEqual([3, -4, -4, 3]);
    expect(values("Mod", a, b)).toEqual([1, 1, -1, -1]);
  });

  test("Atan2 has the signs of zeros and infinities", () => {
    const points = SPECIAL_FLOATS.flatMap((y) => SPECIAL_FLOATS.map((x) => [y, x] as const));
    const a = float32(points.map(([y]) => y));
    const b = float32(points.map(([, x]) => x));
    expectSameAsCpu("Atan2", { a, b }, {}, ROUNDING);
  });

  test("Pow of 1 is 1 whatever the exponent, as in IEEE 754", () => {
    const exponents = float32([Number.NaN, Number.POSITIVE_INFINITY, 0]);
    expect(values("Pow", float32([1, 1, 1]), exponents)).toEqual([1, 1, 1]);
  });

  test("shapes that do not broadcast are refused with tfjs' message", () => {
    const [a, b] = [float32([1, 2, 3]), float32([1, 2])];
    expect(() => runKernel(BACKEND_NAME, "Add", { a, b })).toThrow(/could not be broadcast/);
  });

  test("mixed types are upcast by tfjs' ops", () => {
    const [a, b] = [tensorFrom(int32([3])), tensorFrom({ ...int32([1]), dtype: "bool" })];
    expect(tf.add(a, b).dtype).toBe("int32");
    expect(Array.from(tf.mul(a, tf.scalar(0.5)).dataSync())).toEqual([1.5]);
  });

  describe("AddN", () => {
    test.each([1, 2, 3])("of %i tensors gives what cpu gives", (count) => {
      const compiled = compileKernel("AddN");
      const inputs = fc
        .tuple(fc.constantFrom([], [0, 3], [2, 5]), fc.constantFrom<TensorType>("float32", "int32"))
        .chain(([shape, dtype]) => {
          const tensor = tensorOf(shape, dtype, elementsOf(dtype, INTEGERS));
          return fc.array(tensor, { minLength: count, maxLength: count });
        });
      fc.assert(
        fc.property(inputs, (list) => expectSameAsCpu("AddN", list, {}, ROUNDING, compiled)),
        RUNS,
      );
      compiled.dispose();
    });
  });

  describe("gradients", () => {
    const ROW = [3];
    // tfjs' gradients of these do not undo broadcasting.
    const SAME = [2, 3];
    const PROGRAMS: Readonly<Record<string, readonly [Program, readonly number[]]>> = {
      add: [tf.add, ROW],
      sub: [tf.sub, ROW],
      mul: [tf.mul, ROW],
      div: [tf.div, ROW],
      pow: [tf.pow, ROW],
      mod: [tf.mod, ROW],
      atan2: [tf.atan2, ROW],
      maximum: [tf.maximum, SAME],
      minimum: [tf.minimum, SAME],
      squaredDifference: [tf.squaredDifference, SAME],
      addN: [(a, b) => tf.addN([tf.mul(a, b), b, tf.mul(a, a)]), SAME],
    };

    test.each(Object.entries(PROGRAMS))("of %s", async (_, [program, shape]) => {
      // The second is larger, so that maximum, minimum and mod are smooth in between.
      const pair = fc.tuple(
        tensorOf([2, 3], "float32", floats(0.5, 2)),
        tensorOf(shape, "float32", floats(2.5, 4)),
      );
      const [[a, b]] = fc.sample(pair, RUNS) as [[HostInput, HostInput]];
      await expectGradientsOfCpu(program, [a, b]);
      expectSlope((x) => program(x, tensorFrom(b)), a);
    });
  });
});

function values(kernel: string, a: HostInput, b: HostInput): number[] {
  return Array.from(runKernel(BACKEND_NAME, kernel, { a, b })[0]?.data ?? []);
}

function int32(data: readonly number[]): HostInput {
  return { dtype: "int32", shape: [data.length], data };
}

function float32(data: readonly number[]): HostInput {
  return { dtype: "float32", shape: [data.length], data };
}
