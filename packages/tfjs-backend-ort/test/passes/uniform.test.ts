import { describe, expect, it } from "vitest";
import type { HostArray } from "../../src/graph/dtypes.ts";
import { Graph } from "../../src/graph/graph.ts";
import { eliminateDeadCode } from "../../src/passes/dce.ts";
import { isUniform, simplifyUniform } from "../../src/passes/uniform.ts";

function simplified(graph: Graph): string {
  return eliminateDeadCode(simplifyUniform(graph)).toString();
}

describe("passes/uniform", () => {
  it.each<[boolean, string, HostArray]>([
    [true, "equal floats", new Float32Array(99).fill(0.1)],
    [true, "NaN throughout", new Float32Array(99).fill(Number.NaN)],
    [true, "a view of a larger array", Float32Array.of(1, 2, 2, 3).subarray(1, 3)],
    [true, "one element", Float32Array.of(3)],
    [true, "nothing", new Float32Array(0)],
    [true, "equal int64", new BigInt64Array(20).fill(-1n)],
    [false, "0 and -0", Float32Array.of(0, -0)],
    [false, "another element at the end", new Int32Array(99).fill(1, 0, 98)],
    [false, "another element at the start", Uint8Array.of(1, 0, 0)],
    [false, "a period of two", Float32Array.of(1, 2, 1, 2)],
  ])("says %s for %s", (expected, _name, data) => {
    expect(isUniform(data)).toBe(expected);
  });

  it("stores a large uniform constant as an expanded scalar", () => {
    const graph = new Graph();
    graph.outputs.push(graph.fill(-0, [100, 50], "float32"));
    expect(simplified(graph)).toMatchInlineSnapshot(`
      "graph() {
        v3: float32[100,50] = Expand(float32 -0, int64 [100, 50])
        return v3
      }"
    `);
  });

  it("leaves small and varied constants alone", () => {
    const graph = new Graph();
    graph.outputs.push(
      graph.fill(1, [16], "float32"),
      graph.constant(Int32Array.from(Array(50).keys()), [50], "int32"),
    );
    expect(simplifyUniform(graph)).toBe(graph);
  });

  it("lets elementwise operators read the scalar where the shape stays", () => {
    const graph = new Graph();
    const x = graph.input([4, 8], "float32");
    const ones = graph.fill(1, [4, 8], "float32");
    const flags = graph.input([4, 8], "bool");
    graph.outputs.push(
      graph.node("Add", [x, ones], x),
      graph.node("Less", [ones, x], { shape: [4, 8], dtype: "bool" }),
      graph.node("Where", [flags, x, graph.fill(0, [4, 8], "float32")], x),
    );
    expect(simplified(graph)).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8], v2: bool[4,8]) {
        v12: float32[4,8] = Add(v0, float32 1)
        v13: bool[4,8] = Less(float32 1, v0)
        v14: float32[4,8] = Where(v2, v0, float32 0)
        return v12, v13, v14
      }"
    `);
  });

  it("keeps the shape that an expansion gives the output", () => {
    const graph = new Graph();
    const x = graph.input([8], "float32");
    const spec = { shape: [4, 8], dtype: "float32" } as const;
    graph.outputs.push(graph.node("Add", [x, graph.fill(1, [4, 8], "float32")], spec));
    expect(simplified(graph)).toMatchInlineSnapshot(`
      "graph(v0: float32[8]) {
        v6: float32[8] = Add(v0, float32 1)
        v7: float32[4,8] = Expand(v6, int64 [4, 8])
        return v7
      }"
    `);
  });

  it("lets elementwise operators read what was expanded at run time", () => {
    const graph = new Graph();
    const x = graph.input([4, 8], "float32");
    const column = graph.input([4, 1], "float32");
    const wide = graph.node("Expand", [column, graph.ints([4, 8])], x);
    graph.outputs.push(graph.node("Mul", [wide, x], x));
    expect(simplified(graph)).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8], v1: float32[4,1]) {
        v5: float32[4,8] = Mul(v1, v0)
        return v5
      }"
    `);
  });

  it("moves expansions behind operators, reshapes and transposes", () => {
    const graph = new Graph();
    const x = graph.input([1], "float32");
    const spec = { shape: [6, 5], dtype: "float32" } as const;
    const wide = graph.node("Expand", [x, graph.ints([6, 5])], spec);
    const root = graph.node("Sqrt", [wide], spec);
    const sum = graph.node("Add", [root, graph.fill(2, [6, 5], "float32")], spec);
    const turned = graph.node("Transpose", [sum], { shape: [5, 6], dtype: "float32" });
    const shape = { shape: [3, 10], dtype: "float32" } as const;
    graph.outputs.push(graph.node("Reshape", [turned, graph.ints([3, 10])], shape));
    expect(simplified(graph)).toMatchInlineSnapshot(`
      "graph(v0: float32[1]) {
        v11: float32[1] = Sqrt(v0)
        v13: float32[1] = Add(v11, float32 2)
        v16: float32 = Reshape(v13, int64 [])
        v19: float32[3,10] = Expand(v16, int64 [3, 10])
        return v19
      }"
    `);
  });
});
