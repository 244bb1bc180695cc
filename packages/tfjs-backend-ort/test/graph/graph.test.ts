import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";

describe("graph/graph", () => {
  it("shares small constants with equal bits and keeps -0 apart from 0", () => {
    const graph = new Graph();
    expect(graph.ints([2, 3])).toBe(graph.ints([2, 3]));
    expect(graph.scalar(0)).not.toBe(graph.scalar(-0));
    expect(graph.scalar(0)).not.toBe(graph.scalar(0, "int32"));
    expect(graph.constants).toHaveLength(4);
  });

  it("refuses constants whose elements do not fill the shape", () => {
    const graph = new Graph();
    expect(() => graph.constant(Float32Array.of(1, 2), [3], "float32")).toThrow(
      /expected 3 elements for shape \[3\], got 2/,
    );
  });

  it("copies shapes, so that callers may change theirs", () => {
    const graph = new Graph();
    const shape = [2];
    const x = graph.input(shape, "float32");
    shape.push(3);
    expect(x.shape).toEqual([2]);
  });

  it("derives a graph with the same inputs and constants and fresh names", () => {
    const graph = new Graph("g");
    const x = graph.input([2], "float32");
    const kept = graph.scalar(1);
    const dropped = graph.scalar(2);
    graph.outputs.push(graph.node("Mul", [x, kept], x));
    const derived = graph.derive((value) => value !== dropped);
    expect(derived.name).toBe("g");
    expect(derived.inputs).toEqual([x]);
    expect(derived.constants).toEqual([kept]);
    expect(derived.nodes).toEqual([]);
    expect(derived.outputs).toEqual([]);
    expect(derived.scalar(1)).toBe(kept);
    const again = derived.scalar(2);
    expect(again).not.toBe(dropped);
    expect(derived.constants).toEqual([kept, again]);
    const names = [...graph.inputs, ...graph.constants, ...graph.nodes.flatMap((n) => n.outputs)];
    expect(names.map(({ name }) => name)).not.toContain(again.name);
  });
});
