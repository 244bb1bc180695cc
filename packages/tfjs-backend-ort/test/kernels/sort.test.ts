import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  compileKernel,
  EXACT,
  expectSameAsCpu,
  RUNS,
  runKernel,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

beforeAll(useOrt);

describe("kernels/sort", () => {
  test("TopK gives what cpu gives, ties in order of position", () => {
    for (const k of [1, 3, 4]) {
      const attrs = { k, sorted: true };
      const compiled = compileKernel("TopK", attrs);
      const input = fc
        .tuple(
          fc.constantFrom([4], [2, 17], [2, 2, 5], [0, 4]),
          fc.constantFrom<TensorType>("float32", "int32", "bool"),
        )
        .chain(([shape, dtype]) => {
          const elements = {
            float32: fc.constantFrom(-1.5, 0, 2, 3),
            int32: fc.integer({ min: -3, max: 3 }),
            bool: fc.integer({ min: 0, max: 1 }),
          };
          return tensorOf(shape, dtype, elements[dtype]);
        });
      fc.assert(
        fc.property(input, (x) => expectSameAsCpu("TopK", { x }, attrs, EXACT, compiled)),
        RUNS,
      );
      compiled.dispose();
    }
  });

  test("infinities are ordered", () => {
    // One of each: cpu compares two infinities by a difference that is NaN.
    const data = [1, Number.NEGATIVE_INFINITY, 3, Number.POSITIVE_INFINITY, -2];
    const x = { dtype: "float32", shape: [5], data } as const;
    expectSameAsCpu("TopK", { x }, { k: 5, sorted: true }, EXACT);
  });

  test("an unsorted request gets the same elements, sorted", () => {
    const x = { dtype: "float32", shape: [4], data: [1, 4, 2, 3] } as const;
    const outcomes = runKernel(BACKEND_NAME, "TopK", { x }, { k: 3, sorted: false });
    expect(outcomes.map(({ data }) => Array.from(data))).toEqual([
      [4, 3, 2],
      [1, 3, 2],
    ]);
  });

  test("k = 0 gives no elements", () => {
    const x = { dtype: "float32", shape: [2, 4], data: [1, 4, 2, 3, 1, 2, 3, 4] } as const;
    expectSameAsCpu("TopK", { x }, { k: 0, sorted: true }, EXACT);
  });

  test("k beyond the last axis is refused by tf.topk", () => {
    expect(() => tf.topk(tf.tensor1d([1, 2]), 3)).toThrow(/last dimension/);
  });
});
