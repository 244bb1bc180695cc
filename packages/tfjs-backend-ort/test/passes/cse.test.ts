import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { eliminateCommonSubexpressions } from "../../src/passes/cse.ts";

/** Number of nodes left of a graph over one input. */
function left(build: (graph: Graph) => void): number {
  const graph = new Graph();
  build(graph);
  return eliminateCommonSubexpressions(graph).nodes.length;
}

describe("passes/cse", () => {
  it("computes equal things once, also when they follow from each other", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const [a, b] = [graph.node("Exp", [x], x), graph.node("Exp", [x], x)];
    graph.outputs.push(graph.node("Neg", [a], a), graph.node("Neg", [b], b), b);
    const result = eliminateCommonSubexpressions(graph);
    expect(result.nodes.map(({ op }) => op)).toEqual(["Exp", "Neg"]);
    expect(result.outputs[0]).toBe(result.outputs[1]);
    expect(result.outputs[2]).toBe(a);
  });

  it("merges nodes with several outputs", () => {
    const half = { shape: [2], dtype: "float32" } as const;
    const count = left((graph) => {
      const x = graph.input([4], "float32");
      for (let i = 0; i < 2; i++) {
        const parts = graph.multiNode("Split", [x, graph.ints([2, 2])], [half, half]);
        graph.outputs.push(...parts);
      }
    });
    expect(count).toBe(1);
  });

  it.each([
    ["attributes", { axis: { int: 0 } }, { axis: { int: 1 } }],
    ["signs of zero", { alpha: { float: 0 } }, { alpha: { float: -0 } }],
    ["what JSON cannot say", { alpha: { float: Infinity } }, { alpha: { float: Number.NaN } }],
    ["kinds of attribute", { axis: { int: 1 } }, { axis: { float: 1 } }],
    ["missing attributes", { axis: { int: 1 } }, {}],
  ])("keeps nodes apart that differ in %s", (_name, first, second) => {
    const count = left((graph) => {
      const x = graph.input([2, 2], "float32");
      graph.outputs.push(graph.node("Op", [x], x, first), graph.node("Op", [x], x, second));
    });
    expect(count).toBe(2);
  });

  it("keeps nodes apart that differ in domain, omitted inputs or declared type", () => {
    const count = left((graph) => {
      const x = graph.input([2], "float32");
      graph.node("Gelu", [x], x);
      graph.node("Gelu", [x], x, {}, "com.microsoft");
      graph.node("Clip", [x, null, x], x);
      graph.node("Clip", [x, x, null], x);
      graph.node("Cast", [x], { shape: [2], dtype: "int32" });
      graph.node("Cast", [x], { shape: [2], dtype: "int64" });
    });
    expect(count).toBe(6);
  });

  it("takes attributes in any order", () => {
    const count = left((graph) => {
      const x = graph.input([2, 2], "float32");
      const [a, b] = [{ int: 1 }, { int: 0 }];
      graph.node("Gemm", [x, x], x, { transA: a, transB: b });
      graph.node("Gemm", [x, x], x, { transB: b, transA: a });
    });
    expect(count).toBe(1);
  });

  it("never merges random operators or loops", () => {
    const count = left((graph) => {
      const x = graph.input([2, 2], "float32");
      const body = new Graph("body");
      body.outputs.push(body.input([2], "float32"));
      const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
      for (let i = 0; i < 2; i++) {
        graph.node("RandomNormalLike", [x], x);
        graph.node("Scan", [x], x, attributes);
      }
    });
    expect(count).toBe(4);
  });

  it("shares constants of equal elements, shape and type", () => {
    const graph = new Graph();
    const data = new Float32Array(5000).map((_, i) => i);
    const a = graph.constant(data, [5000], "float32");
    const b = graph.constant(data.slice(), [5000], "float32");
    const other = graph.constant(data, [50, 100], "float32");
    graph.outputs.push(graph.node("Add", [a, b], a), other);
    const result = eliminateCommonSubexpressions(graph);
    expect(result.nodes[0]?.inputs).toEqual([a, a]);
    expect(result.outputs[1]).toBe(other);
  });

  it("keeps constants apart that differ in one element, or in the sign of zero", () => {
    const graph = new Graph();
    const data = new Float32Array(5000);
    const last = data.with(4999, 1);
    const negative = data.with(1234, -0);
    const values = [data, last, negative].map((it) => graph.constant(it, [5000], "float32"));
    graph.outputs.push(...values);
    expect(eliminateCommonSubexpressions(graph).outputs).toEqual(values);
    expect(new Set(eliminateCommonSubexpressions(graph).outputs).size).toBe(3);
  });
});
