import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";

describe("graph/print", () => {
  it("prints inputs, nodes with types and attributes, and outputs", () => {
    const graph = new Graph("step");
    const x = graph.input([2, 3], "float32");
    const label = graph.input([], "int32");
    const w = graph.constant(Float32Array.of(1, 0.1, -0, NaN, Infinity, 5), [3, 2], "float32");
    const spec = { shape: [2, 2], dtype: "float32" } as const;
    const y = graph.node("Gemm", [x, w], spec, { alpha: { float: 0.5 }, transA: { int: 0 } });
    const z = graph.node("FastGelu", [y], y, {}, "com.microsoft");
    const t = graph.node("Transpose", [z], z, { perm: { ints: [1, 0] } });
    const r = graph.node("Reshape", [t, graph.ints([4])], { shape: [4], dtype: "float32" });
    graph.outputs.push(r, label, graph.scalar(2));
    expect(graph.toString()).toMatchInlineSnapshot(`
      "step(v0: float32[2,3], v1: int32) {
        v3: float32[2,2] = Gemm(v0, float32[3,2] [1, 0.1, -0, NaN, Infinity, 5]) {alpha: 0.5f, transA: 0}
        v4: float32[2,2] = com.microsoft.FastGelu(v3)
        v5: float32[2,2] = Transpose(v4) {perm: [1, 0]}
        v7: float32[4] = Reshape(v5, int64 [4])
        return v7, v1, float32 2
      }"
    `);
  });

  it("abbreviates constants of more than eight elements", () => {
    const graph = new Graph();
    const table = graph.constant(
      Float32Array.from({ length: 9 }, (_, i) => i / 7),
      [3, 3],
      "float32",
    );
    const flags = graph.constant(new Uint8Array(40), [40], "bool");
    graph.outputs.push(graph.node("Abs", [table], table), graph.node("Not", [flags], flags));
    expect(graph.toString()).toMatchInlineSnapshot(`
      "graph() {
        v0: float32[3,3] = constant [0, 0.1428571, 0.2857143, 0.4285714, ... 9 elements]
        v1: bool[40] = constant [0, 0, 0, 0, ... 40 elements]
        v2: float32[3,3] = Abs(v0)
        v3: bool[40] = Not(v1)
        return v2, v3
      }"
    `);
  });

  it("prints several outputs, omitted inputs and string attributes", () => {
    const graph = new Graph();
    const x = graph.input([4], "int64");
    const half = { shape: [2], dtype: "int64" } as const;
    const [a, b] = graph.multiNode("Split", [x, graph.ints([2, 2])], [half, half], {
      axis: { int: 0 },
    });
    const clipped = graph.node("Clip", [a ?? x, null, b ?? x], half, { mode: { string: 'a"b' } });
    graph.outputs.push(clipped);
    expect(graph.toString()).toMatchInlineSnapshot(`
      "graph(v0: int64[4]) {
        v2: int64[2], v3: int64[2] = Split(v0, int64 [2, 2]) {axis: 0}
        v4: int64[2] = Clip(v2, _, v3) {mode: "a\\"b"}
        return v4
      }"
    `);
  });

  it("indents the bodies of loops and marks outer values in them", () => {
    const body = new Graph("body");
    const row = body.input([2], "float32");
    const graph = new Graph();
    const rows = graph.input([3, 2], "float32");
    const shift = graph.input([2], "float32");
    body.outputs.push(body.node("Add", [body.node("Neg", [row], row), shift], row));
    const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
    graph.outputs.push(graph.node("Scan", [rows], rows, attributes));
    expect(graph.toString()).toMatchInlineSnapshot(`
      "graph(v0: float32[3,2], v1: float32[2]) {
        v2: float32[3,2] = Scan(v0) {num_scan_inputs: 1}
          body = body(v0: float32[2]) {
            v1: float32[2] = Neg(v0)
            v2: float32[2] = Add(v1, ^v1)
            return v2
          }
        return v2
      }"
    `);
  });
});
