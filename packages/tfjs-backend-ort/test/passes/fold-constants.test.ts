import { describe, expect, it } from "vitest";
import { type DType, type HostArray, onnxType } from "../../src/graph/dtypes.ts";
import { type Attributes, Graph, type Value } from "../../src/graph/graph.ts";
import { foldConstants } from "../../src/passes/fold-constants.ts";
import { runGraph, UNOPTIMIZED } from "../run-graph.ts";

type Operand = readonly [HostArray, readonly number[], DType];

const floats = (shape: readonly number[], ...data: readonly number[]): Operand => [
  Float32Array.from(data),
  shape,
  "float32",
];
const integers = (shape: readonly number[], ...data: readonly number[]): Operand => [
  Int32Array.from(data),
  shape,
  "int32",
];
const longs = (shape: readonly number[], ...data: readonly bigint[]): Operand => [
  BigInt64Array.from(data),
  shape,
  "int64",
];
const bools = (shape: readonly number[], ...data: readonly number[]): Operand => [
  Uint8Array.from(data),
  shape,
  "bool",
];
const to = (dtype: DType): Attributes => ({ to: { int: onnxType(dtype) } });

function build(
  op: string,
  operands: readonly Operand[],
  shape: readonly number[],
  dtype: DType = "float32",
  attributes: Attributes = {},
): Graph {
  const graph = new Graph();
  const inputs = operands.map((operand) => graph.constant(...operand));
  graph.outputs.push(graph.node(op, inputs, { shape, dtype }, attributes));
  return graph;
}

type Fold = Parameters<typeof build>;

const SPECIAL = floats([5], 0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, 3e38);

const FOLDED: readonly (readonly [string, Fold])[] = [
  ["sums with broadcasting", ["Add", [floats([2, 1], 0.1, 0.2), floats([3], 1, 2, 3)], [2, 3]]],
  ["float rounding", ["Mul", [SPECIAL, floats([], 0.7)], [5]]],
  ["division by zero", ["Div", [SPECIAL, floats([], 0)], [5]]],
  ["signs of zero", ["Sub", [SPECIAL, SPECIAL], [5]]],
  ["negation", ["Neg", [SPECIAL], [5]]],
  ["int32 overflow", ["Mul", [integers([2], 2 ** 30, -7), integers([], 5)], [2], "int32"]],
  ["int64 overflow", ["Add", [longs([1], 2n ** 63n - 1n), longs([1], 1n)], [1], "int64"]],
  ["comparison with NaN", ["LessOrEqual", [SPECIAL, floats([], 0)], [5], "bool"]],
  ["comparison of -0 and 0", ["Equal", [floats([2], -0, 1), floats([], 0)], [2], "bool"]],
  ["choice", ["Where", [bools([2], 1, 0), floats([], 1), floats([2], 5, 6)], [2]]],
  ["not", ["Not", [bools([2], 1, 0)], [2], "bool"]],
  ["int32 to float32", ["Cast", [integers([2], 2 ** 24 + 1, -3)], [2], "float32", to("float32")]],
  ["float32 to int32", ["Cast", [floats([3], 1.9, -1.9, 0)], [3], "int32", to("int32")]],
  ["NaN to bool", ["Cast", [SPECIAL], [5], "bool", to("bool")]],
  ["int64 to int32", ["Cast", [longs([2], -5n, 7n)], [2], "int32", to("int32")]],
  ["bool to int64", ["Cast", [bools([2], 1, 0)], [2], "int64", to("int64")]],
  ["transposition", ["Transpose", [floats([2, 3], 1, 2, 3, 4, 5, 6)], [3, 2]]],
  [
    "transposition by perm",
    [
      "Transpose",
      [floats([1, 2, 3], 1, 2, 3, 4, 5, 6)],
      [2, 1, 3],
      "float32",
      { perm: { ints: [1, 0, 2] } },
    ],
  ],
  ["expansion", ["Expand", [floats([2, 1], 1, 2), longs([2], 2n, 3n)], [2, 3]]],
  ["reshaping", ["Reshape", [floats([4], 1, 2, 3, 4), longs([2], 2n, 2n)], [2, 2]]],
  ["nothing", ["Add", [floats([0]), floats([0])], [0]]],
];

const KEPT: readonly (readonly [string, Fold])[] = [
  ["roots, whose last bit differs between libraries", ["Sqrt", [floats([], 2)], []]],
  ["exponentials", ["Exp", [floats([], 2)], []]],
  ["integer division", ["Div", [integers([], 7), integers([], 0)], [], "int32"]],
  ["NaN as an integer", ["Cast", [SPECIAL], [5], "int32", to("int32")]],
  ["numbers too large for int32", ["Cast", [floats([], 3e9)], [], "int32", to("int32")]],
  ["large int64 as float32", ["Cast", [longs([], 2n ** 60n + 1n)], [], "float32", to("float32")]],
  ["more than 64 elements", ["Add", [floats([65], ...Array(65).keys()), floats([], 1)], [65]]],
  ["expansions that are better expanded later", ["Expand", [floats([], 1), longs([1], 17n)], [17]]],
];

describe("passes/fold-constants", () => {
  it.each(FOLDED)("computes %s as ONNX Runtime does", async (_name, parts) => {
    const graph = build(...parts);
    const folded = foldConstants(graph);
    expect(folded.nodes).toEqual([]);
    const [expected] = await runGraph(graph, [], UNOPTIMIZED);
    expect(folded.outputs[0]?.data).toEqual(expected);
  });

  it.each(KEPT)("leaves %s alone", (_name, parts) => {
    const graph = build(...parts);
    expect(foldConstants(graph)).toBe(graph);
  });

  it("computes whole subgraphs and leaves what depends on inputs", () => {
    const graph = new Graph();
    const x = graph.input([], "float32");
    const two = graph.node("Add", [graph.scalar(1), graph.scalar(1)], x);
    const four: Value = graph.node("Mul", [two, two], x);
    graph.outputs.push(graph.node("Add", [x, four], x));
    const folded = foldConstants(graph);
    expect(folded.nodes.map(({ op }) => op)).toEqual(["Add"]);
    expect(folded.nodes[0]?.inputs[1]?.data).toEqual(Float32Array.of(4));
  });

  it("reshapes constants of any size without copying them", () => {
    const data = new Float32Array(1000).map((_, i) => i);
    const graph = new Graph();
    const x = graph.constant(data, [1000], "float32");
    graph.outputs.push(
      graph.node("Reshape", [x, graph.ints([10, 100])], { shape: [10, 100], dtype: "float32" }),
    );
    const [result] = foldConstants(graph).outputs;
    expect(result?.data).toBe(data);
    expect(result?.shape).toEqual([10, 100]);
  });
});
