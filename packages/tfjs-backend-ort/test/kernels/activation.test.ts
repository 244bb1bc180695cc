import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, test } from "vitest";
import {
  compileKernel,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  expectSlope,
  floats,
  type HostInput,
  type KernelAttrs,
  ROUNDING,
  RUNS,
  SHAPE_PAIRS,
  SHAPES,
  type TensorType,
  tensorFrom,
  tensorOf,
  useOrt,
} from "./support.ts";

const NUMBERS: readonly TensorType[] = ["float32", "int32"];

const CASES: readonly (readonly [string, KernelAttrs, readonly TensorType[]])[] = [
  ["Relu", {}, NUMBERS],
  ["Relu6", {}, NUMBERS],
  ["Elu", {}, ["float32"]],
  ["Selu", {}, ["float32"]],
  ["LeakyRelu", { alpha: 0.2 }, NUMBERS],
  ["Step", { alpha: 0 }, NUMBERS],
  ["Step", { alpha: -1 }, NUMBERS],
  ["Step", { alpha: 2.5 }, NUMBERS],
  ["ClipByValue", { clipValueMin: -1.5, clipValueMax: 2.5 }, NUMBERS],
  ["ClipByValue", { clipValueMin: Number.NEGATIVE_INFINITY, clipValueMax: 1 }, NUMBERS],
];

beforeAll(useOrt);

describe("kernels/activation", () => {
  test.each(CASES)("%s %o gives what cpu gives", (kernel, attrs, types) => {
    const compiled = compileKernel(kernel, attrs);
    const input = fc
      .tuple(fc.constantFrom(...SHAPES), fc.constantFrom(...types))
      .chain(([shape, dtype]) => tensorOf(shape, dtype, elementsOf(dtype, 9)));
    fc.assert(
      fc.property(input, (x) => expectSameAsCpu(kernel, { x }, attrs, ROUNDING, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test("Prelu gives what cpu gives", () => {
    const compiled = compileKernel("Prelu");
    const inputs = fc.constantFrom(...SHAPE_PAIRS).chain(([left, right]) =>
      fc.record({
        x: tensorOf(left, "float32", elementsOf("float32", 9)),
        alpha: tensorOf(right, "float32", floats(-1, 1)),
      }),
    );
    fc.assert(
      fc.property(inputs, (pair) => expectSameAsCpu("Prelu", pair, {}, ROUNDING, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test("EluGrad gives what cpu gives", () => {
    const compiled = compileKernel("EluGrad");
    const inputs = fc.constantFrom(...SHAPES).chain((shape) =>
      fc.record({
        dy: tensorOf(shape, "float32", floats(-3, 3)),
        y: tensorOf(shape, "float32", floats(-1, 3, [Number.NaN, 0, -1])),
      }),
    );
    fc.assert(
      fc.property(inputs, (pair) => expectSameAsCpu("EluGrad", pair, {}, ROUNDING, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  const PROGRAMS: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
    relu: tf.relu,
    relu6: tf.relu6,
    elu: tf.elu,
    selu: tf.selu,
    leakyRelu: (x) => tf.leakyRelu(x, 0.3),
    clipByValue: (x) => tf.clipByValue(x, -1, 1),
    step: (x) => tf.mul(tf.step(x, 0.1), x),
  };

  test.each(Object.entries(PROGRAMS))("gradient of %s", async (_, program) => {
    // Away from the kinks at -1, 0, 1 and 6.
    const elements = fc.oneof(floats(-3, -1.2), floats(-0.8, -0.2), floats(0.2, 0.8), floats(2, 5));
    const [x] = fc.sample(tensorOf([2, 4], "float32", elements), RUNS) as [HostInput];
    await expectGradientsOfCpu(program, [x]);
    expectSlope(program, x);
  });

  test("gradient of prelu for both inputs", async () => {
    const x = { dtype: "float32", shape: [2, 2], data: [-1, 2, 0.5, -3] } as const;
    const alpha = { dtype: "float32", shape: [2], data: [0.1, -0.4] } as const;
    await expectGradientsOfCpu((a, b) => tf.prelu(a, b), [x, alpha]);
    expectSlope((b) => tf.prelu(tensorFrom(x), b), alpha);
  });
});
