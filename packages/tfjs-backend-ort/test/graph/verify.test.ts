import { describe, expect, it } from "vitest";
import { GraphError } from "../../src/errors.ts";
import type { DType, HostArray } from "../../src/graph/dtypes.ts";
import { type Attributes, Graph, type Node, type Value } from "../../src/graph/graph.ts";
import { verify } from "../../src/graph/verify.ts";

/** A sound graph, for tests to break. */
interface Sound {
  readonly graph: Graph;
  readonly x: Value;
  readonly y: Value;
}

function sound(): Sound {
  const graph = new Graph("train");
  const x = graph.input([2], "float32");
  const y = graph.node("Add", [x, graph.scalar(1)], x);
  graph.outputs.push(y);
  return { graph, x, y };
}

function value(name: string, shape: readonly number[], dtype: DType, data?: HostArray): Value {
  return data ? { name, shape, dtype, data } : { name, shape, dtype };
}

function node(
  op: string,
  inputs: readonly (Value | null)[],
  outputs: readonly Value[],
  attributes: Attributes = {},
): Node {
  return { op, domain: "", inputs, outputs, attributes };
}

/** A body that returns `result`, or a value of its own. */
function scanAttributes(make: (body: Graph, row: Value) => Value): Attributes {
  const body = new Graph("body");
  const row = body.input([], "float32");
  body.outputs.push(make(body, row));
  return { body: { graph: body }, num_scan_inputs: { int: 1 } };
}

/** What is wrong, how the sound graph is broken, and what the message says. */
const FAULTS: readonly [string, (parts: Sound) => unknown, RegExp][] = [
  [
    "a use before the definition",
    ({ graph, y }) => {
      const late = value("late", [2], "float32");
      graph.nodes.push(node("Add", [y, late], [value("z", [2], "float32")]));
      graph.nodes.push(node("Neg", [y], [late]));
    },
    /Add to read values defined before it, got late/,
  ],
  [
    "a node that reads its own output",
    ({ graph, y }) => {
      const own = value("own", [2], "float32");
      graph.nodes.push(node("Add", [y, own], [own]));
    },
    /defined before it, got own/,
  ],
  [
    "a value of another graph",
    ({ graph }) =>
      graph.node("Neg", [new Graph().input([2], "float32")], value("", [2], "float32")),
    /Neg to read values defined before it, got v0/,
  ],
  [
    "an output that nothing defines",
    ({ graph }) => graph.outputs.push(value("stray", [], "float32")),
    /outputs that the graph defines, got stray/,
  ],
  [
    "two values of one name",
    ({ graph, x, y }) => graph.nodes.push(node("Neg", [y], [value(x.name, [2], "float32")])),
    /unique names, got v0 twice/,
  ],
  [
    "one value defined twice",
    ({ graph, x, y }) => graph.nodes.push(node("Neg", [x], [y])),
    /unique names, got v2 twice/,
  ],
  [
    "a value without a name",
    ({ graph, x }) => graph.nodes.push(node("Neg", [x], [value("", [2], "float32")])),
    /values with names/,
  ],
  [
    "an unknown element type",
    ({ graph }) => graph.inputs.push(value("s", [2], "string" as DType)),
    /known element type for s, got string/,
  ],
  ...[[-1], [1.5], [Number.NaN], [2 ** 53], [Number.POSITIVE_INFINITY]].map(
    (shape): [string, (parts: Sound) => unknown, RegExp] => [
      `the shape [${shape}]`,
      ({ graph }) => graph.inputs.push(value("s", shape, "float32")),
      /shape of non-negative integers for s/,
    ],
  ),
  [
    "an input with elements",
    ({ graph }) => graph.inputs.push(value("s", [1], "float32", Float32Array.of(1))),
    /input s without elements/,
  ],
  [
    "a constant without elements",
    ({ graph }) => graph.constants.push(value("c", [2], "float32")),
    /elements for constant c, got none/,
  ],
  [
    "a constant of too few elements",
    ({ graph }) => graph.constants.push(value("c", [2], "float32", Float32Array.of(1))),
    /2 elements for constant c \[2\], got 1/,
  ],
  [
    "a constant of another type",
    ({ graph }) => graph.constants.push(value("c", [2], "int64", Int32Array.of(1, 2))),
    /int64 elements for constant c, got Int32Array/,
  ],
  [
    "a node without outputs",
    ({ graph, x }) => graph.nodes.push(node("Neg", [x], [])),
    /Neg to have outputs, got none/,
  ],
  [
    "an unknown domain",
    ({ graph, x }) =>
      graph.nodes.push({
        ...node("Neg", [x], [value("z", [2], "float32")]),
        domain: "com.example" as "",
      }),
    /known domain for Neg, got com\.example/,
  ],
  [
    "a fractional attribute",
    ({ graph, x }) => graph.node("Softmax", [x], x, { axis: { int: 0.5 } }),
    /integers in Softmax\.axis, got 0\.5/,
  ],
  [
    "a fraction in a list attribute",
    ({ graph, x }) => graph.node("Transpose", [x], x, { perm: { ints: [Number.NaN] } }),
    /integers in Transpose\.perm, got NaN/,
  ],
  [
    "a wrong shape",
    ({ graph, x }) => graph.node("Neg", [x], { shape: [3], dtype: "float32" }),
    /v3 = Neg\(v0: float32\[2\]\): expected v3 to be float32\[2\], got float32\[3\]/,
  ],
  [
    "a wrong element type",
    ({ graph, x }) => graph.node("Neg", [x], { shape: [2], dtype: "int32" }),
    /expected v3 to be float32\[2\], got int32\[2\]/,
  ],
  [
    "a fault in a body",
    ({ graph, x }) =>
      graph.node(
        "Scan",
        [x],
        x,
        scanAttributes((body, row) => body.node("Neg", [row], { shape: [5], dtype: "float32" })),
      ),
    /verify body: .*Neg/,
  ],
  [
    "a body that reads a later value",
    ({ graph, x }) => {
      const late = value("late", [], "float32");
      graph.node(
        "Scan",
        [x],
        x,
        scanAttributes((body, row) => body.node("Add", [row, late], row)),
      );
      graph.nodes.push(node("ReduceSum", [x], [late], { keepdims: { int: 0 } }));
    },
    /verify body: expected Add to read values defined before it, got late/,
  ],
  [
    "a value of a body used outside",
    ({ graph, x }) => {
      let inner = x;
      const attributes = scanAttributes((body, row) => {
        inner = body.node("Neg", [row], row);
        return inner;
      });
      graph.node("Scan", [x], x, attributes);
      graph.node("Abs", [inner], inner);
    },
    /Abs to read values defined before it/,
  ],
];

describe("graph/verify", () => {
  it("accepts a sound graph", () => {
    expect(() => verify(sound().graph)).not.toThrow();
  });

  it("accepts an empty graph", () => {
    expect(() => verify(new Graph())).not.toThrow();
  });

  it("accepts operators it has no rule for", () => {
    const { graph, x } = sound();
    graph.outputs.push(graph.node("SomethingNew", [x], { shape: [7], dtype: "int32" }));
    expect(() => verify(graph)).not.toThrow();
  });

  it("accepts bodies that read values of the graph around them", () => {
    const { graph, x } = sound();
    const shift = graph.input([], "float32");
    const attributes = scanAttributes((body, row) => body.node("Add", [row, shift], row));
    graph.outputs.push(graph.node("Scan", [x], x, attributes));
    expect(() => verify(graph)).not.toThrow();
  });

  it.each(FAULTS)("refuses %s", (_title, plant, message) => {
    const parts = sound();
    plant(parts);
    expect(() => verify(parts.graph)).toThrow(GraphError);
    expect(() => verify(parts.graph)).toThrow(message);
  });

  it("checks a graph of ten thousand nodes in far less than a second", () => {
    const graph = new Graph();
    let last = graph.input([8, 8], "float32");
    for (let i = 0; i < 5000; i++) {
      last = graph.node("Add", [last, graph.scalar(i)], last);
      last = graph.node("Transpose", [last], last, { perm: { ints: [1, 0] } });
    }
    graph.outputs.push(last);
    const start = performance.now();
    verify(graph);
    // Quadratic time would take some seconds; the usual time is near 20 ms.
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
