import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  compileKernel,
  EXACT,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  RUNS,
  SHAPES,
  type TensorType,
  tensorFrom,
  tensorOf,
  useOrt,
} from "./support.ts";

beforeAll(useOrt);

describe("kernels/select", () => {
  test("Select gives what cpu gives", () => {
    const compiled = compileKernel("Select");
    const inputs = fc
      .tuple(fc.constantFrom(...SHAPES), fc.constantFrom<TensorType>("float32", "int32", "bool"))
      .chain(([shape, dtype]) =>
        fc.record({
          condition: tensorOf(shape, "bool", elementsOf("bool", 1)),
          t: tensorOf(shape, dtype, elementsOf(dtype, 9)),
          e: tensorOf(shape, dtype, elementsOf(dtype, 9)),
        }),
      );
    fc.assert(
      fc.property(inputs, (triple) => expectSameAsCpu("Select", triple, {}, EXACT, compiled)),
      RUNS,
    );
    compiled.dispose();
  });

  test("types of the branches are upcast", () => {
    const condition = { dtype: "bool", shape: [2], data: [1, 0] } as const;
    const t = { dtype: "int32", shape: [2], data: [7, 8] } as const;
    const e = { dtype: "float32", shape: [2], data: [0.5, 1.5] } as const;
    expectSameAsCpu("Select", { condition, t, e }, {}, EXACT);
  });

  test("a condition of rank 1 selects rows", () => {
    const condition = tf.tensor1d([1, 0], "bool");
    const chosen = tf.engine().runKernel("Select", {
      condition,
      t: tf.ones([2, 3]),
      e: tf.zeros([2, 3]),
    }) as tf.Tensor;
    expect(chosen.arraySync()).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ]);
  });

  test("the gradient flows through the chosen branch only", async () => {
    const t = { dtype: "float32", shape: [4], data: [1, 2, 3, 4] } as const;
    const e = { dtype: "float32", shape: [4], data: [-1, Number.NaN, 5, 6] } as const;
    const condition = { dtype: "bool", shape: [4], data: [1, 0, 1, 0] } as const;
    await expectGradientsOfCpu((a, b) => tf.where(tensorFrom(condition), a, b), [t, e], EXACT);
  });
});
