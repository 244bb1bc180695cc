import { describe, expect, it } from "vitest";
import { Graph, type Value } from "../../src/graph/graph.ts";
import { verify } from "../../src/graph/verify.ts";
import { eliminateDeadCode } from "../../src/passes/dce.ts";

describe("passes/dce", () => {
  it("removes nodes and constants that no output needs, and keeps unused inputs", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const unused = graph.input([3], "int32");
    const dead = graph.node("Mul", [x, graph.scalar(3)], x);
    graph.node("Neg", [dead], dead);
    const kept = graph.scalar(2);
    graph.outputs.push(graph.node("Add", [x, kept], x));
    const result = eliminateDeadCode(graph);
    expect(result.nodes.map(({ op }) => op)).toEqual(["Add"]);
    expect(result.constants).toEqual([kept]);
    expect(result.inputs).toEqual([x, unused]);
    expect(graph.nodes).toHaveLength(3);
  });

  it("keeps a node for any of its outputs", () => {
    const graph = new Graph();
    const x = graph.input([4], "float32");
    const half = { shape: [2], dtype: "float32" } as const;
    const parts = graph.multiNode("Split", [x, graph.ints([2, 2])], [half, half]);
    graph.outputs.push(parts[1] ?? x);
    expect(eliminateDeadCode(graph).nodes).toHaveLength(1);
  });

  it("drops statistics of a normalisation that nobody reads, and no others", () => {
    const graph = new Graph();
    const [x, scale] = [graph.input([4, 8], "float32"), graph.input([8], "float32")];
    const row = { shape: [4, 1], dtype: "float32" } as const;
    const normalized = () => graph.multiNode("LayerNormalization", [x, scale], [x, row, row]);
    const [alone] = normalized() as [Value, Value, Value];
    const [, , inverse] = normalized() as [Value, Value, Value];
    graph.outputs.push(alone, inverse);
    const result = eliminateDeadCode(graph);
    expect(result.nodes.map(({ outputs }) => outputs.length)).toEqual([1, 3]);
    verify(result);
    expect(eliminateDeadCode(result)).toBe(result);
  });

  it("keeps what only the body of a loop reads", () => {
    const graph = new Graph();
    const rows = graph.input([3, 2], "float32");
    const shift = graph.node("Neg", [graph.input([2], "float32")], {
      shape: [2],
      dtype: "float32",
    });
    const body = new Graph("body");
    const row = body.input([2], "float32");
    body.outputs.push(body.node("Add", [row, shift], row));
    const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
    graph.outputs.push(graph.node("Scan", [rows], rows, attributes));
    expect(eliminateDeadCode(graph).nodes.map(({ op }) => op)).toEqual(["Neg", "Scan"]);
  });

  it("returns the graph itself when all of it is needed", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    graph.outputs.push(graph.node("Neg", [x], x), x);
    expect(eliminateDeadCode(graph)).toBe(graph);
  });
});
