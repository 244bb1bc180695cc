import { describe, expect, it } from "vitest";
import { GraphError } from "../../src/errors.ts";
import { Graph } from "../../src/graph/graph.ts";
import { verify } from "../../src/graph/verify.ts";
import { eliminateDeadCode } from "../../src/passes/dce.ts";
import { rewrite } from "../../src/passes/rewrite.ts";

describe("passes/rewrite", () => {
  it("returns the graph itself when no rule applies", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    graph.outputs.push(graph.node("Neg", [x], x));
    expect(rewrite(graph, () => null)).toBe(graph);
  });

  it("lets later nodes, outputs and bodies read the replacement", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const rows = graph.input([3, 2], "float32");
    const same = graph.node("Identity", [x], x);
    const inner = new Graph("inner");
    const cell = inner.input([], "float32");
    inner.outputs.push(inner.node("ReduceSum", [same], cell, { keepdims: { int: 0 } }));
    const body = new Graph("body");
    const row = body.input([2], "float32");
    const scan = (graph: Graph) => ({ num_scan_inputs: { int: 1 }, body: { graph } });
    const nested = body.node("Scan", [row], row, scan(inner));
    body.outputs.push(body.node("Add", [nested, same], row), same);
    graph.outputs.push(...graph.multiNode("Scan", [rows], [rows, rows], scan(body)), same);
    const result = eliminateDeadCode(
      rewrite(graph, ({ op, inputs }) => (op === "Identity" ? (inputs[0] ?? null) : null)),
    );
    expect(result.nodes.map(({ op }) => op)).toEqual(["Scan"]);
    expect(result.outputs[2]).toBe(x);
    expect(() => verify(result)).not.toThrow();
    expect(result.toString()).not.toContain(`^${same.name}`);
    expect(graph.toString()).toContain(`^${same.name}`);
  });

  it("replaces constants, also by constants of the new graph", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const one = graph.scalar(1);
    graph.outputs.push(graph.node("Add", [x, one], x), one);
    const result = rewrite(
      graph,
      () => null,
      (constant, { graph: target }) => (constant === one ? target.scalar(2) : null),
    );
    expect(result.nodes[0]?.inputs[1]?.data).toEqual(Float32Array.of(2));
    expect(result.outputs[1]?.data).toEqual(Float32Array.of(2));
  });

  it("counts readers, among them outputs and bodies", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    const once = graph.node("Neg", [x], x);
    const returned = graph.node("Abs", [once], x);
    const captured = graph.node("Exp", [returned], x);
    const body = new Graph("body");
    const cell = body.input([], "float32");
    body.outputs.push(body.node("ReduceSum", [captured], cell, { keepdims: { int: 0 } }));
    const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
    graph.outputs.push(returned, graph.node("Scan", [captured], x, attributes));
    const seen: Record<string, boolean> = {};
    rewrite(graph, ({ op, inputs }, rewriter) => {
      seen[op] = inputs.every((value) => value !== null && rewriter.isReadOnce(value));
      return null;
    });
    expect(seen).toEqual({ Neg: true, Abs: true, Exp: false, Scan: false });
  });

  it("refuses a replacement of another shape", () => {
    const graph = new Graph();
    const x = graph.input([2], "float32");
    graph.outputs.push(graph.node("ReduceSum", [x], { shape: [1], dtype: "float32" }));
    expect(() => rewrite(graph, () => x)).toThrow(GraphError);
    expect(() => rewrite(graph, () => x)).toThrow(/float32\[1\] in place of v1, got float32\[2\]/);
  });
});
