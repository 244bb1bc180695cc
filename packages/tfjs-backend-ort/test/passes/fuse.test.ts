import { describe, expect, it } from "vitest";
import { Graph, type Value } from "../../src/graph/graph.ts";
import { eliminateDeadCode } from "../../src/passes/dce.ts";
import { fuse } from "../../src/passes/fuse.ts";

function fused(build: (graph: Graph, x: Value) => Value | readonly Value[]): string {
  const graph = new Graph();
  const results = build(graph, graph.input([4, 8], "float32"));
  graph.outputs.push(...("name" in results ? [results] : results));
  return eliminateDeadCode(fuse(graph)).toString();
}

/** The embedding gradient as tfjs records it: rows added to zeros, then to another gradient. */
function scatterSum(graph: Graph, onto: Value, sum: Value | null = null, reduction = "add"): Value {
  const indices = graph.input([2, 8], "int32");
  const updates = graph.input([2, 8], "float32");
  const zeros = graph.node("Expand", [graph.scalar(0), graph.ints([4, 8])], onto);
  const attributes = { axis: { int: 0 }, reduction: { string: reduction } };
  const scattered = graph.node("ScatterElements", [zeros, indices, updates], onto, attributes);
  return graph.node("Add", [onto, sum ?? scattered], onto);
}

const mul = (graph: Graph, x: Value, factor: number) =>
  graph.node("Mul", [x, graph.scalar(factor)], x);

describe("passes/fuse", () => {
  it("merges scales, divisions and negations into one multiplication", () => {
    const text = fused((graph, x) => {
      const scaled = mul(graph, graph.node("Neg", [x], x), 0.5);
      return graph.node("Div", [scaled, graph.scalar(4)], x);
    });
    expect(text).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8]) {
        v9: float32[4,8] = Mul(v0, float32 -0.125)
        return v9
      }"
    `);
  });

  it("keeps scales apart that others read", () => {
    const text = fused((graph, x) => {
      const once = mul(graph, x, 3);
      return [mul(graph, once, 5), once];
    });
    expect(text).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8]) {
        v2: float32[4,8] = Mul(v0, float32 3)
        v4: float32[4,8] = Mul(v2, float32 5)
        return v4, v2
      }"
    `);
  });

  it("keeps scales apart whose product could overflow or vanish", () => {
    for (const [first, second] of [
      [1e30, 1e30],
      [1e-30, 1e30],
      [2 ** 30, 2 ** 30],
      [0, 5],
      [Number.NaN, 5],
    ] as const) {
      const text = fused((graph, x) => mul(graph, mul(graph, x, first), second));
      expect(text.match(/Mul/g)).toHaveLength(2);
    }
  });

  it("scales the smaller of two factors", () => {
    const text = fused((graph, x) => {
      const column = graph.input([4, 1], "float32");
      return graph.node("Mul", [column, mul(graph, x, 2)], x);
    });
    expect(text).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8], v1: float32[4,1]) {
        v5: float32[4,1] = Mul(v1, float32 2)
        v6: float32[4,8] = Mul(v0, v5)
        return v6
      }"
    `);
  });

  it("scatters onto what the scattered sum is added to", () => {
    expect(fused((graph, x) => scatterSum(graph, x))).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8], v1: int32[2,8], v2: float32[2,8]) {
        v8: float32[4,8] = ScatterElements(v0, v1, v2) {axis: 0, reduction: "add"}
        return v8
      }"
    `);
  });

  it("does not scatter onto anything else than a sum of its shape", () => {
    const overwritten = fused((graph, x) => scatterSum(graph, x, null, "none"));
    expect(overwritten).toContain("Add");
    const broadcast = fused((graph, x) => {
      const row = graph.input([1, 8], "float32");
      const indices = graph.input([1, 8], "int32");
      const zeros = graph.fill(0, [1, 8], "float32");
      const attributes = { axis: { int: 0 }, reduction: { string: "add" } };
      const sum = graph.node("ScatterElements", [zeros, indices, row], row, attributes);
      return graph.node("Add", [x, sum], x);
    });
    expect(broadcast).toContain("Add");
  });

  it("sums squares without storing them", () => {
    const text = fused((graph, x) => {
      const squares = graph.node("Mul", [x, x], x);
      const scalar = { shape: [], dtype: "float32" } as const;
      const all = graph.node("ReduceSum", [squares], scalar, { keepdims: { int: 0 } });
      const rows = { shape: [4], dtype: "float32" } as const;
      const some = graph.node("ReduceSum", [squares, graph.ints([1])], rows, {
        keepdims: { int: 0 },
      });
      return [all, some];
    });
    expect(text).toMatchInlineSnapshot(`
      "graph(v0: float32[4,8]) {
        v1: float32[4,8] = Mul(v0, v0)
        v5: float32 = ReduceSumSquare(v0, _) {keepdims: 0}
        v4: float32[4] = ReduceSum(v1, int64 [1]) {keepdims: 0}
        return v5, v4
      }"
    `);
  });
});
