import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "../../src/errors.ts";
import type { DType, HostArray } from "../../src/graph/dtypes.ts";
import { Graph } from "../../src/graph/graph.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import { runGraph, UNOPTIMIZED } from "../run-graph.ts";

describe("onnx/encode", () => {
  it("encodes nodes, attributes and constants", async () => {
    const graph = new Graph();
    const a = graph.input([2, 3], "float32");
    const b = graph.constant(Float32Array.of(1, 0, 0, 1, 1, 1), [2, 3], "float32");
    const attributes = { transB: { int: 1 }, alpha: { float: 0.5 } };
    graph.outputs.push(graph.node("Gemm", [a, b], { shape: [2, 2], dtype: "float32" }, attributes));
    expect(await runGraph(graph, [Float32Array.of(1, 2, 3, 4, 5, 6)])).toEqual([
      Float32Array.of(0.5, 3, 2, 7.5),
    ]);
  });

  it("encodes string and integer-list attributes and contributed operators", async () => {
    const graph = new Graph();
    const a = graph.input([1, 2], "float32");
    const data = graph.input([3, 2], "float32");
    const spec = { shape: [3, 2], dtype: "float32" } as const;
    const indices = graph.constant(BigInt64Array.of(1n), [1, 1], "int64");
    const reduction = { reduction: { string: "add" } };
    const summed = graph.node("ScatterND", [data, indices, a], spec, reduction);
    const perm = { perm: { ints: [1, 0] } };
    graph.outputs.push(
      graph.node("Transpose", [summed], { shape: [2, 3], dtype: "float32" }, perm),
      graph.node("FastGelu", [a], { shape: [1, 2], dtype: "float32" }, {}, "com.microsoft"),
    );
    const feeds = [Float32Array.of(0, 10), Float32Array.of(0, 1, 2, 3, 4, 5)];
    const [transposed, gelu] = await runGraph(graph, feeds);
    expect(transposed).toEqual(Float32Array.of(0, 2, 4, 1, 13, 5));
    expect(gelu).toEqual(Float32Array.of(0, 10));
  });

  it("only names the constants that are stored elsewhere, unless they are small", () => {
    const graph = new Graph();
    const [large, small] = [new Float32Array(1000).fill(0.5), Float32Array.of(2)];
    const weights = graph.constant(large, [1000], "float32");
    const product = graph.node("Mul", [weights, graph.constant(small, [1], "float32")], weights);
    graph.outputs.push(product);
    const model = encodeModel(graph, new Set([large, small]));
    expect(model.bytes.length).toBeLessThan(500);
    const tensor = { dtype: "float32", shape: [1000], data: large };
    expect(model.stored).toEqual([{ name: weights.name, tensor }]);
    expect(encodeModel(graph)).toMatchObject({ stored: [] });
  });

  it("omits optional inputs", async () => {
    const graph = new Graph();
    const x = graph.input([3], "float32");
    const spec = { shape: [3], dtype: "float32" } as const;
    graph.outputs.push(graph.node("Clip", [x, null, graph.scalar(1)], spec));
    graph.outputs.push(graph.node("Clip", [x, graph.scalar(0), null], spec));
    expect(await runGraph(graph, [Float32Array.of(-2, 0.5, 2)])).toEqual([
      Float32Array.of(-2, 0.5, 1),
      Float32Array.of(0, 0.5, 2),
    ]);
  });

  it.each<[DType, HostArray]>([
    ["float32", Float32Array.of(1.5, -0)],
    ["float64", Float64Array.of(Math.PI, -1)],
    ["int32", Int32Array.of(-(2 ** 31), 7)],
    ["int64", BigInt64Array.of(-1n, 2n ** 62n)],
    ["bool", Uint8Array.of(1, 0)],
    ["uint8", Uint8Array.of(255, 0)],
  ])("keeps every bit of %s constants", async (dtype, data) => {
    const graph = new Graph();
    graph.outputs.push(graph.constant(data, [2], dtype));
    const [result] = await runGraph(graph);
    expect(result).toEqual(data);
  });

  it("encodes constants that are views into larger buffers", async () => {
    const graph = new Graph();
    const view = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    graph.outputs.push(graph.constant(view, [2], "float32"));
    expect(await runGraph(graph)).toEqual([Float32Array.of(2, 3)]);
  });

  it("returns inputs, constants and repeated values through copies", async () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const c = graph.constant(Float32Array.of(5), [1], "float32");
    const y = graph.node("Neg", [x], x);
    graph.outputs.push(x, c, y, y, x);
    const model = encodeModel(graph);
    expect(model.outputs.map(({ name }) => name)).toHaveLength(5);
    expect(new Set(model.outputs.map(({ name }) => name)).size).toBe(5);
    const results = await runGraph(graph, [Float32Array.of(1, 2)]);
    expect(results.map((data) => [...data])).toEqual([[1, 2], [5], [-1, -2], [-1, -2], [1, 2]]);
  });

  it("keeps unused inputs as ports", async () => {
    const graph = new Graph();
    graph.input([2], "int32");
    const x = graph.input([2], "float32");
    graph.outputs.push(graph.node("Abs", [x], x));
    expect(encodeModel(graph).inputs.map(({ dtype }) => dtype)).toEqual(["int32", "float32"]);
    expect(await runGraph(graph, [Int32Array.of(0, 0), Float32Array.of(-1, 2)])).toEqual([
      Float32Array.of(1, 2),
    ]);
  });

  it("names the unused outputs of Split", async () => {
    const graph = new Graph();
    const x = graph.input([4], "float32");
    const half = { shape: [2], dtype: "float32" } as const;
    const parts = graph.multiNode("Split", [x, graph.ints([2, 2])], [half, half], {
      axis: { int: 0 },
    });
    graph.outputs.push(parts[1] ?? x);
    for (const options of [{}, UNOPTIMIZED]) {
      expect(await runGraph(graph, [Float32Array.of(1, 2, 3, 4)], options)).toEqual([
        Float32Array.of(3, 4),
      ]);
    }
  });

  it("passes zero-size tensors and scalars", async () => {
    const graph = new Graph();
    const x = graph.input([0, 3], "float32");
    const s = graph.input([], "float32");
    const empty = graph.constant(new Float32Array(0), [0, 3], "float32");
    const spec = { shape: [0, 3], dtype: "float32" } as const;
    graph.outputs.push(graph.node("Concat", [x, empty], spec, { axis: { int: 0 } }));
    graph.outputs.push(graph.node("Add", [s, s], s));
    const [none, double] = await runGraph(graph, [new Float32Array(0), Float32Array.of(3)]);
    expect(none).toHaveLength(0);
    expect(double).toEqual(Float32Array.of(6));
  });

  it("encodes loop bodies whose names repeat outer names and that read outer values", async () => {
    const body = new Graph("body");
    const row = body.input([2], "float32");
    const graph = new Graph();
    const rows = graph.input([3, 2], "float32");
    const factor = graph.input([], "float32");
    expect(row.name).toBe(rows.name);
    const scaled = body.node("Mul", [row, factor], row);
    body.outputs.push(body.node("Add", [scaled, body.scalar(1)], row), row, body.scalar(7));
    const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
    const stacked = { shape: [3], dtype: "float32" } as const;
    const results = graph.multiNode("Scan", [rows], [rows, rows, stacked], attributes);
    graph.outputs.push(...results);
    const feeds = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(10)];
    expect(await runGraph(graph, feeds)).toEqual([
      Float32Array.of(11, 21, 31, 41, 51, 61),
      feeds[0],
      Float32Array.of(7, 7, 7),
    ]);
  });

  it("is deterministic", () => {
    const build = () => {
      const graph = new Graph();
      const x = graph.input([2], "float32");
      graph.outputs.push(graph.node("Add", [x, graph.scalar(3)], x));
      return encodeModel(graph).bytes;
    };
    expect(build()).toEqual(build());
  });

  it("refuses a model over 2 GB before allocating it", () => {
    const graph = new Graph("huge");
    const gigabyte = new Uint8Array(2 ** 30);
    for (let i = 0; i < 2; i++) {
      graph.outputs.push(graph.constant(gigabyte, [2 ** 30], "uint8"));
    }
    expect(() => encodeModel(graph)).toThrow(MemoryLimitError);
    expect(() => encodeModel(graph)).toThrow(/huge, got 2.1 GB/);
  });

  it("refuses a value that no part of the graph defines", () => {
    const other = new Graph();
    const stray = other.input([2], "float32");
    const graph = new Graph("g");
    graph.outputs.push(graph.node("Abs", [stray], stray));
    expect(() => encodeModel(graph)).toThrow(/value v0 to be defined, got none in g/);
  });
});
