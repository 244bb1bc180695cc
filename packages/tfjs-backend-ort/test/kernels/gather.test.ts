import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME, jit } from "../../src/index.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { EXACT, runKernel, useOrt } from "./support.ts";

const CALLS: Readonly<Record<string, (draw: Draw) => Call>> = {
  GatherV2(draw) {
    const x = draw.anything(draw.shape(draw.int(1, 4), 1));
    const axis = draw.int(-x.shape.length, x.shape.length - 1);
    const last = (x.shape.at(axis) as number) - 1;
    const indices = draw.indices(draw.shape(draw.int(0, 3)), 0, last);
    return { inputs: { x, indices }, attrs: { axis, batchDims: 0 } };
  },
  GatherNd(draw) {
    const params = draw.anything(draw.shape(draw.int(1, 4), 1));
    const depth = draw.int(1, params.shape.length);
    const tuples = draw.shape(draw.int(0, 2));
    const indices = draw.indices([...tuples, depth], 0, Math.min(...params.shape) - 1);
    return { inputs: { params, indices } };
  },
};

const IDS = () => tf.tensor([1, 0, 1, 1], [4], "int32");
// tfjs differentiates gathers in batches with methods that only its union package gives tensors.
const GRADIENTS: GradientCases = {
  "GatherV2 along the first axis": [(x) => tf.gather(tf.square(x as tf.Tensor), IDS()), [3, 2]],
  "GatherV2 along the last axis": [(x) => tf.gather(x as tf.Tensor, IDS(), 1), [2, 3]],
};

const ROWS = { dtype: "float32", shape: [3, 2], data: [0, 1, 2, 3, 4, 5] } as const;
const int32 = (shape: readonly number[], data: readonly number[]) =>
  ({ dtype: "int32", shape, data }) as const;

beforeAll(useOrt);

describe("kernels/gather", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, EXACT);
  });

  test("GatherV2 in batches gives what cpu gives", () => {
    expectRandomCallsSameAsCpu("GatherV2", batchedCall, EXACT);
  });

  test("GatherV2 of no batches is empty, where cpu throws", () => {
    const x = { dtype: "float32", shape: [0, 3], data: [] } as const;
    const [result] = runKernel(
      BACKEND_NAME,
      "GatherV2",
      { x, indices: int32([0, 2], []) },
      { axis: 1, batchDims: 1 },
    );
    expect(result?.shape).toEqual([0, 2]);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  describe("an index out of range is an error", () => {
    const OUTSIDE = [-1, -3, 3, 2 ** 31 - 1, -(2 ** 31)];

    test.each(OUTSIDE)("GatherV2 at %i", (index) => {
      const inputs = { x: ROWS, indices: int32([2], [0, index]) };
      const run = () => runKernel(BACKEND_NAME, "GatherV2", inputs, { axis: 0, batchDims: 0 });
      expect(run).toThrow(/GatherV2.*(out of data bounds|out of bounds)/);
    });

    test.each(OUTSIDE)("GatherV2 in batches at %i", (index) => {
      const inputs = { x: ROWS, indices: int32([3, 1], [0, index, 1]) };
      const run = () => runKernel(BACKEND_NAME, "GatherV2", inputs, { axis: 1, batchDims: 1 });
      expect(run).toThrow(/GatherV2/);
    });

    test.each(OUTSIDE)("GatherNd at %i", (index) => {
      const inputs = { params: ROWS, indices: int32([2, 1], [0, index]) };
      expect(() => runKernel(BACKEND_NAME, "GatherNd", inputs)).toThrow(/GatherNd/);
    });

    test("inside a compiled function", () => {
      const pick = jit((ids: tf.Tensor) => tf.gather(tf.range(0, 3), ids), { name: "pick" });
      expect(() => pick(tf.tensor([-1], [1], "int32"))).toThrow(/out of data bounds/);
      pick.dispose();
    });

    test("at once for constants", () => {
      const ids = tf.tensor([0, 3], [2], "int32");
      const pick = jit((x: tf.Tensor) => tf.gather(x, ids), { name: "pick" });
      expect(() => pick(tf.range(0, 3))).toThrow("GatherV2: the index value 3 is not in [0, 2]");
      pick.dispose();
    });
  });
});

function batchedCall(draw: Draw): Call {
  const x = draw.anything(draw.shape(draw.int(2, 4), 1));
  const rank = x.shape.length;
  const batchDims = draw.int(1, rank - 1);
  const axis = draw.int(batchDims, rank - 1);
  const shape = [...x.shape.slice(0, batchDims), ...draw.shape(draw.int(0, 2))];
  const indices = draw.indices(shape, 0, (x.shape[axis] as number) - 1);
  return { inputs: { x, indices }, attrs: { axis, batchDims } };
}
