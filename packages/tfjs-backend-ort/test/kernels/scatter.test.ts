import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { BACKEND_NAME, jit } from "../../src/index.ts";
import { SCATTER } from "../../src/kernels/scatter.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { EXACT, type HostInput, runKernel, useOrt } from "./support.ts";

// Up to five float32 terms, added in another order than on cpu.
const SUM: Tolerance = { rtol: 1e-6, atol: 2e-6 };

const CALLS: Readonly<Record<string, readonly [(draw: Draw) => Call, Tolerance]>> = {
  ScatterNd: [
    (draw) => {
      const { shape, indices, slices } = target(draw);
      const updates = draw.tensor(slices, draw.pick("float32", "int32"));
      return { inputs: { indices, updates }, attrs: { shape } };
    },
    SUM,
  ],
  TensorScatterUpdate: [
    (draw) => {
      const { shape, indices, slices } = target(draw);
      const tensor = draw.anything(shape);
      return { inputs: { tensor, indices, updates: draw.anything(slices, tensor.dtype) } };
    },
    EXACT,
  ],
  SparseToDense: [
    (draw) => {
      const { shape, indices, slices } = target(draw);
      const sparseValues = draw.anything(draw.oneIn(3) ? [] : slices);
      const defaultValue = draw.anything([], sparseValues.dtype);
      return {
        inputs: { sparseIndices: indices, sparseValues, defaultValue },
        attrs: { outputShape: shape },
      };
    },
    EXACT,
  ],
  UnsortedSegmentSum: [
    (draw) => {
      const x = draw.tensor(draw.shape(draw.int(1, 4)), draw.type());
      const segmentIds = draw.indices([x.shape[0] as number], -2, 5);
      return { inputs: { x, segmentIds }, attrs: { numSegments: draw.int(1, 4) } };
    },
    SUM,
  ],
};

const GRADIENTS: GradientCases = {
  UnsortedSegmentSum: [
    (x) => tf.unsortedSegmentSum(tf.square(x as tf.Tensor), int32([2, -1, 0, 2]), 3),
    [4, 2],
  ],
};

beforeAll(useOrt);

describe("kernels/scatter", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, [call, tolerance]) => {
    expectRandomCallsSameAsCpu(kernel, call, tolerance);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  // Large enough for ONNX Runtime to use several threads: its ScatterND would lose terms here.
  test("rows of the same segment are all added, in every run", () => {
    const [rows, width, segments] = [1024, 1024, 8];
    const ids = Int32Array.from({ length: rows }, (_, i) => (i * 5) % segments);
    const expected = new Float32Array(segments * width).fill(0);
    const values = Float32Array.from({ length: rows * width }, (_, i) => (i % 17) - 8);
    values.forEach((value, i) => {
      const at = (ids[Math.floor(i / width)] as number) * width + (i % width);
      expected[at] = (expected[at] as number) + value;
    });
    const sum = jit((x: tf.Tensor, to: tf.Tensor) => tf.unsortedSegmentSum(x, to as never, 8), {
      name: "segments",
    });
    const [x, to] = [tf.tensor(values, [rows, width]), tf.tensor(ids, [rows], "int32")];
    for (let run = 0; run < 5; run++) {
      // Sums of small integers are exact in float32.
      expect(tf.tidy(() => sum(x, to).dataSync())).toEqual(expected);
    }
    sum.dispose();
    tf.dispose([x, to]);
  });

  // The loss above needs both threads at once, so the operator that suffers it is looked for too.
  test("no kernel scatters with ScatterND", () => {
    const graph = new Graph();
    const tuples = graph.input([4, 1], "int32");
    const [rows, scalar] = [graph.input([4, 2], "float32"), graph.input([], "float32")];
    const table = graph.input([3, 2], "float32");
    const ids = graph.input([4], "int32");
    SCATTER["ScatterNd"]?.(graph, { indices: tuples, updates: rows }, { shape: [3, 2] });
    SCATTER["TensorScatterUpdate"]?.(graph, { tensor: table, indices: tuples, updates: rows }, {});
    SCATTER["UnsortedSegmentSum"]?.(graph, { x: rows, segmentIds: ids }, { numSegments: 3 });
    const sparse = { sparseIndices: tuples, sparseValues: rows, defaultValue: scalar };
    SCATTER["SparseToDense"]?.(graph, sparse, { outputShape: [3, 2] });
    const ops = graph.nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === "ScatterElements")).toHaveLength(4);
    expect(ops).not.toContain("ScatterND");
  });

  test("of several writes to one row the last stays", () => {
    const inputs = {
      tensor: host([3], [0, 0, 0]),
      indices: { dtype: "int32", shape: [4, 1], data: [1, 2, 1, 1] },
      updates: host([4], [1, 2, 3, 4]),
    } as const;
    const [result] = runKernel(BACKEND_NAME, "TensorScatterUpdate", inputs);
    expect(Array.from(result?.data ?? [])).toEqual([0, 4, 2]);
  });

  test("a NaN in a dropped row reaches no segment, unlike on cpu", () => {
    const sums = tf.unsortedSegmentSum(tf.tensor1d([Number.NaN, 2]), int32([-1, 0]), 2);
    expect(Array.from(sums.dataSync())).toEqual([2, 0]);
  });

  test.each([-1, 3, -(2 ** 31)])("ScatterNd at %i is an error", (index) => {
    const indices = { dtype: "int32", shape: [1, 1], data: [index] } as const;
    const inputs = { indices, updates: host([1], [5]) };
    expect(() => runKernel(BACKEND_NAME, "ScatterNd", inputs, { shape: [3] })).toThrow(/ScatterNd/);
  });

  test("ids of another shape than the rows are refused", () => {
    const inputs = {
      x: host([2, 2], [1, 2, 3, 4]),
      segmentIds: { dtype: "int32", shape: [2, 2], data: [0, 0, 1, 1] },
    } as const;
    expect(() => runKernel(BACKEND_NAME, "UnsortedSegmentSum", inputs, { numSegments: 2 })).toThrow(
      /one segment id per row/,
    );
  });
});

/** A shape, index tuples into its leading dimensions, and the shape of one slice per tuple. */
function target(draw: Draw): { shape: number[]; indices: HostInput; slices: number[] } {
  const shape = draw.shape(draw.int(1, 4), 1);
  const depth = draw.int(1, shape.length);
  const tuples = draw.int(0, 4);
  const indices = draw.indices([tuples, depth], 0, Math.min(...shape) - 1);
  return { shape, indices, slices: [tuples, ...shape.slice(depth)] };
}

function host(shape: readonly number[], data: readonly number[]): HostInput {
  return { dtype: "float32", shape, data };
}

function int32(ids: readonly number[]): tf.Tensor1D {
  return tf.tensor1d([...ids], "int32");
}
