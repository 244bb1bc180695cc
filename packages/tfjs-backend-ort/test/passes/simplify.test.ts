import { describe, expect, it } from "vitest";
import { type DType, onnxType } from "../../src/graph/dtypes.ts";
import { type Attributes, Graph, type Value } from "../../src/graph/graph.ts";
import { verify } from "../../src/graph/verify.ts";
import { eliminateDeadCode } from "../../src/passes/dce.ts";
import { simplify } from "../../src/passes/simplify.ts";

/** Records something over an input of shape [2, 3] and returns its result. */
type Build = (graph: Graph, x: Value) => Value;

/** The operators left of what `build` records. */
function left(build: Build, dtype: DType = "float32"): string[] {
  const graph = new Graph();
  graph.outputs.push(build(graph, graph.input([2, 3], dtype)));
  const result = eliminateDeadCode(simplify(graph));
  verify(graph);
  verify(result);
  return result.nodes.map(({ op, inputs, attributes }) => {
    const perm = attributes["perm"];
    const values = inputs.slice(1).map((value) => (value?.data ? `${value.data}` : value?.name));
    return [op, ...values, ...(perm && "ints" in perm ? [`[${perm.ints}]`] : [])].join(" ");
  });
}

const with1 =
  (op: string, number: number, dtype: DType = "float32"): Build =>
  (graph, x) =>
    graph.node(op, [x, graph.scalar(number, dtype)], x);
const cast = (graph: Graph, x: Value, dtype: DType) =>
  graph.node("Cast", [x], { shape: x.shape, dtype }, { to: { int: onnxType(dtype) } });
const reshape = (graph: Graph, x: Value, shape: readonly number[]) =>
  graph.node("Reshape", [x, graph.ints(shape)], { shape, dtype: x.dtype });
const transpose = (graph: Graph, x: Value, perm: readonly number[]) => {
  const shape = perm.map((axis) => x.shape[axis] as number);
  return graph.node("Transpose", [x], { shape, dtype: x.dtype }, { perm: { ints: perm } });
};
const pad = (graph: Graph, x: Value, pads: readonly number[], attributes: Attributes = {}) =>
  graph.node("Pad", [x, graph.ints(pads)], x, attributes);
const slice = (graph: Graph, x: Value, start: number, end: number, step: number) =>
  graph.node("Slice", [x, ...[start, end, 0, step].map((it) => graph.ints([it]))], x);

const CASES: readonly (readonly [string, Build, readonly string[]])[] = [
  ["Identity", (graph, x) => graph.node("Identity", [x], x), []],
  ["x * 1", with1("Mul", 1), []],
  ["1 * x", (graph, x) => graph.node("Mul", [graph.scalar(1), x], x), []],
  ["x / 1", with1("Div", 1), []],
  ["1 / x", (graph, x) => graph.node("Div", [graph.scalar(1), x], x), ["Div v0"]],
  ["x ^ 1", with1("Pow", 1), []],
  ["x - 0", with1("Sub", 0), []],
  ["x - -0, which turns -0 into 0,", with1("Sub", -0), ["Sub 0"]],
  ["x + -0", with1("Add", -0), []],
  ["x + 0, which turns -0 into 0,", with1("Add", 0), ["Add 0"]],
  [
    "1 * a scalar for its shape",
    (graph) => {
      const spec = { shape: [2, 3], dtype: "float32" } as const;
      return graph.node("Mul", [graph.scalar(5), graph.fill(1, [2, 3], "float32")], spec);
    },
    ["Mul 1,1,1,1,1,1"],
  ],
  ["-(-x)", (graph, x) => graph.node("Neg", [graph.node("Neg", [x], x)], x), []],
  ["x + -x", (graph, x) => graph.node("Add", [x, graph.node("Neg", [x], x)], x), ["Sub v0"]],
  ["-x + x", (graph, x) => graph.node("Add", [graph.node("Neg", [x], x), x], x), ["Sub v0"]],
  ["x - -x", (graph, x) => graph.node("Sub", [x, graph.node("Neg", [x], x)], x), ["Add v0"]],
  ["Sum of one", (graph, x) => graph.node("Sum", [x], x), []],
  ["Concat of one", (graph, x) => graph.node("Concat", [x], x, { axis: { int: 0 } }), []],
  ["Cast to its own type", (graph, x) => cast(graph, x, "float32"), []],
  ["Cast there and back", (graph, x) => cast(graph, cast(graph, x, "float64"), "float32"), []],
  [
    "Cast through less",
    (graph, x) => cast(graph, cast(graph, x, "int32"), "float32"),
    ["Cast", "Cast"],
  ],
  ["Cast through more", (graph, x) => cast(graph, cast(graph, x, "float64"), "bool"), ["Cast"]],
  ["Reshape to its own shape", (graph, x) => reshape(graph, x, [2, 3]), []],
  ["Reshape there and back", (graph, x) => reshape(graph, reshape(graph, x, [6]), [2, 3]), []],
  ["Reshape twice", (graph, x) => reshape(graph, reshape(graph, x, [3, 2]), [6]), ["Reshape 6"]],
  [
    "Unsqueeze",
    (graph, x) =>
      graph.node("Unsqueeze", [x, graph.ints([0])], { shape: [1, 2, 3], dtype: "float32" }),
    ["Reshape 1,2,3"],
  ],
  [
    "Flatten and Squeeze",
    (graph, x) => {
      const flat = graph.node(
        "Flatten",
        [x],
        { shape: [1, 6], dtype: "float32" },
        { axis: { int: 0 } },
      );
      return graph.node("Squeeze", [flat], { shape: [6], dtype: "float32" });
    },
    ["Reshape 6"],
  ],
  ["Transpose in order", (graph, x) => transpose(graph, x, [0, 1]), []],
  [
    "Transpose there and back",
    (graph, x) => transpose(graph, transpose(graph, x, [1, 0]), [1, 0]),
    [],
  ],
  [
    "Transpose twice",
    (graph) => {
      const x = graph.input([2, 3, 4], "float32");
      return transpose(graph, transpose(graph, x, [1, 0, 2]), [0, 2, 1]);
    },
    ["Transpose [1,2,0]"],
  ],
  [
    "Transpose of dimensions of 1",
    (graph, x) => transpose(graph, reshape(graph, x, [1, 2, 3]), [1, 0, 2]),
    ["Reshape 2,1,3"],
  ],
  ["Expand to its own shape", (graph, x) => graph.node("Expand", [x, graph.ints([2, 1])], x), []],
  [
    "Expand by a leading 1",
    (graph, x) =>
      graph.node("Expand", [x, graph.ints([1, 2, 3])], { shape: [1, 2, 3], dtype: "float32" }),
    ["Reshape 1,2,3"],
  ],
  [
    "Expand twice",
    (graph, x) => {
      const once = { shape: [4, 2, 3], dtype: "float32" } as const;
      const first = graph.node("Expand", [x, graph.ints([4, 1, 1])], once);
      const twice = { shape: [5, 4, 2, 3], dtype: "float32" } as const;
      return graph.node("Expand", [first, graph.ints([5, 1, 1, 1])], twice);
    },
    ["Expand 5,4,2,3"],
  ],
  ["Slice of everything", (graph, x) => slice(graph, x, 0, 99, 1), []],
  ["Slice that reverses", (graph, x) => slice(graph, x, 1, -3, -1), ["Slice 1 -3 0 -1"]],
  ["Pad by nothing", (graph, x) => pad(graph, x, [0, 0, 0, 0]), []],
  ["Pad that shifts", (graph, x) => pad(graph, x, [1, 0, -1, 0]), ["Pad 1,0,-1,0"]],
  ["Tile once", (graph, x) => graph.node("Tile", [x, graph.ints([1, 1])], x), []],
];

describe("passes/simplify", () => {
  it.each(CASES)("makes of %s what is left", (_name, build, expected) => {
    expect(left(build)).toEqual(expected);
  });

  it("drops what does nothing to integers and bools", () => {
    expect(left(with1("Add", 0, "int32"), "int32")).toEqual([]);
    expect(left((graph, x) => graph.node("Not", [graph.node("Not", [x], x)], x), "bool")).toEqual(
      [],
    );
    expect(left((graph, x) => cast(graph, cast(graph, x, "int32"), "float32"), "bool")).toEqual([
      "Cast",
    ]);
    const narrowed: Build = (graph, x) => cast(graph, cast(graph, x, "float32"), "int32");
    expect(left(narrowed, "int32")).toEqual(["Cast", "Cast"]);
  });

  it("reshapes values without elements", () => {
    const graph = new Graph();
    const x = graph.input([2, 0], "float32");
    const spec = { shape: [1, 2, 0], dtype: "float32" } as const;
    graph.outputs.push(graph.node("Unsqueeze", [x, graph.ints([0])], spec));
    expect(() => verify(simplify(graph))).not.toThrow();
  });
});
