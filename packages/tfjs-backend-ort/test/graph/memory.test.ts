import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "../../src/errors.ts";
import { Graph, type Value } from "../../src/graph/graph.ts";
import { checkMemoryLimit, estimateMemory } from "../../src/graph/memory.ts";

const KILO = { shape: [250], dtype: "float32" } as const;

function chain(graph: Graph, from: Value, ops: readonly string[]): Value {
  return ops.reduce((value, op) => graph.node(op, [value], value), from);
}

describe("graph/memory", () => {
  it("counts inputs, constants and outputs", () => {
    const graph = new Graph();
    const x = graph.input([250], "float32");
    graph.input([3], "int64");
    const c = graph.constant(new Uint8Array(7), [7], "bool");
    graph.outputs.push(graph.node("Neg", [x], x), c);
    const estimate = estimateMemory(graph);
    expect(estimate).toMatchObject({ inputs: 1024, constants: 7, outputs: 1007, intermediates: 0 });
    expect(estimate.total).toBe(1024 + 7 + 1007);
  });

  it("frees an intermediate after its last use", () => {
    const graph = new Graph();
    const x = graph.input([250], "float32");
    graph.outputs.push(chain(graph, x, ["Neg", "Abs", "Exp", "Neg", "Abs"]));
    expect(estimateMemory(graph).intermediates).toBe(2000);
  });

  it("keeps an intermediate that is used late", () => {
    const graph = new Graph();
    const x = graph.input([250], "float32");
    const early = graph.node("Neg", [x], x);
    const late = chain(graph, early, ["Abs", "Exp", "Neg"]);
    graph.outputs.push(graph.node("Add", [early, late], x));
    expect(estimateMemory(graph).intermediates).toBe(3000);
  });

  it("counts outputs nobody reads until their node is done", () => {
    const graph = new Graph();
    const x = graph.input([500], "float32");
    const [first] = graph.multiNode("Split", [x, graph.ints([250, 250])], [KILO, KILO]);
    graph.outputs.push(first ?? x);
    expect(estimateMemory(graph).intermediates).toBe(1000);
  });

  it("takes reshapes as views of what they reshape", () => {
    const graph = new Graph();
    const x = graph.input([250], "float32");
    const y = graph.node("Neg", [x], x);
    const spec = { shape: [25, 10], dtype: "float32" } as const;
    const view = graph.node("Reshape", [y, graph.ints([25, 10])], spec);
    const other = graph.node("Abs", [x], x);
    graph.outputs.push(graph.node("Exp", [view], view), graph.node("Exp", [other], other));
    expect(estimateMemory(graph).intermediates).toBe(2000);
    expect(estimateMemory(graph).largest.map(({ source }) => source)).not.toContain("Reshape");
  });

  it("adds what the body of a loop takes to what lives around it", () => {
    const body = new Graph("body");
    const row = body.input([250], "float32");
    const graph = new Graph();
    const rows = graph.input([4, 250], "float32");
    const shift = graph.node("Neg", [graph.input([250], "float32")], KILO);
    const inner = body.node("Exp", [body.node("Add", [row, shift], row)], row);
    body.outputs.push(body.node("Abs", [inner], inner));
    const attributes = { num_scan_inputs: { int: 1 }, body: { graph: body } };
    graph.outputs.push(graph.node("Scan", [rows], rows, attributes));
    // shift, two values in the body, and the body's output
    expect(estimateMemory(graph).intermediates).toBe(4000);
  });

  it("lists the largest buffers with the ops that make them", () => {
    const graph = new Graph();
    const x = graph.input([10, 30], "float32");
    const big = graph.node(
      "MatMul",
      [graph.node("Transpose", [x], { shape: [30, 10], dtype: "float32" }), x],
      { shape: [30, 30], dtype: "float32" },
    );
    graph.outputs.push(graph.node("ReduceSum", [big], { shape: [], dtype: "float32" }));
    expect(estimateMemory(graph).largest.map(({ source, bytes }) => [source, bytes])).toEqual([
      ["MatMul", 3600],
      ["input", 1200],
      ["Transpose", 1200],
      ["ReduceSum", 4],
    ]);
  });

  it("refuses a graph over the limit and names its largest buffers", () => {
    const graph = new Graph("step");
    const x = graph.input([1000, 1000], "float32");
    graph.outputs.push(graph.node("Exp", [graph.node("MatMul", [x, x], x)], x));
    expect(() => checkMemoryLimit(graph, 12_000_000)).not.toThrow();
    expect(() => checkMemoryLimit(graph, 11_999_999)).toThrow(MemoryLimitError);
    expect(() => checkMemoryLimit(graph, 5e6)).toThrow(
      /step: .* at most 5\.0 MB, got 12\.0 MB .*v1 float32\[1000,1000\] by MatMul 4\.0 MB/,
    );
  });

  it("limits graphs to what the machine has unless told otherwise", () => {
    const small = new Graph();
    small.outputs.push(small.input([10], "float32"));
    expect(() => checkMemoryLimit(small)).not.toThrow();
    const huge = new Graph();
    const spec = { shape: [1e6, 1e9], dtype: "float32" } as const;
    huge.outputs.push(huge.node("Expand", [huge.scalar(0), huge.ints(spec.shape)], spec));
    expect(() => checkMemoryLimit(huge)).toThrow(MemoryLimitError);
  });
});
