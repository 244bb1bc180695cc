/**
 * Random graphs for property tests. A list of numbers decides everything, so that a failing graph
 * shrinks to a small one.
 */
import fc from "fast-check";
import { allocate, type DType, type HostArray, onnxType, sizeOf } from "../../src/graph/dtypes.ts";
import { Graph, type Value } from "../../src/graph/graph.ts";

/** Numbers where careless rewrites show: signed zeros, NaN, infinities, subnormals. */
const SPECIAL = [0, -0, 1, -1, 2, 0.5, -3.25, Number.NaN, Infinity, -Infinity, 1e-40, 3e38, 0.1];
const MILD = [0, 1, -1, 2, 0.5, -3.25, 0.1, 0.7, -0.3];

/** A graph and something to feed it. */
export interface RandomProgram {
  readonly graph: Graph;
  readonly feeds: readonly HostArray[];
}

/** Makes decisions from a list of numbers; zeros once it is used up. */
export class Chooser {
  readonly #decisions: readonly number[];
  #next = 0;

  constructor(decisions: readonly number[]) {
    this.#decisions = decisions;
  }

  get isDone(): boolean {
    return this.#next >= this.#decisions.length;
  }

  /** An integer in `[0, count)`. */
  below(count: number): number {
    return (this.#decisions[this.#next++] ?? 0) % count;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** Mostly one of the last: what belongs together in a rewrite follows each other. */
  recent<T>(choices: readonly T[]): T {
    return this.of(this.below(4) === 0 ? choices : choices.slice(-2));
  }
}

/** Adds something to the graph, or nothing where the values so far do not allow it. */
export type Step = (graph: Graph, values: readonly Value[], choose: Chooser) => readonly Value[];

/**
 * Programs of `steps`.
 * @param special whether inputs and constants hold NaN, infinities and the like
 */
export function randomPrograms(
  steps: readonly Step[],
  special: boolean,
): fc.Arbitrary<RandomProgram> {
  const decisions = fc.array(fc.nat(10_000), { minLength: 60, maxLength: 250 });
  return decisions.map((list) => build(new Chooser(list), steps, special));
}

function build(choose: Chooser, steps: readonly Step[], special: boolean): RandomProgram {
  const graph = new Graph("random");
  const numbers = special ? SPECIAL : MILD;
  const shapes = [[], [3], [2, 3], [2, 1, 3], [4, 1], [3, 3]];
  const values: Value[] = [];
  for (const dtype of ["float32", "float32", "int32", "bool"] as const) {
    values.push(graph.input(choose.of(shapes), dtype));
  }
  const feeds = graph.inputs.map(({ shape, dtype }) => elements(dtype, shape, numbers, choose));
  const constant: Step = () => [randomConstant(graph, choose, numbers)];
  const all = [...steps, constant];
  while (!choose.isDone) {
    values.push(...choose.of(all)(graph, values, choose));
  }
  graph.outputs.push(...values.slice(-3), choose.of(values));
  return { graph, feeds };
}

function elements(
  dtype: DType,
  shape: readonly number[],
  numbers: readonly number[],
  choose: Chooser,
): HostArray {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const number = choose.of(numbers);
    const integer = Number.isFinite(number) ? Math.trunc(number % 1000) : 7;
    data[i] = (dtype === "float32" ? number : dtype === "bool" ? integer & 1 : integer) as never;
  }
  return data;
}

function randomConstant(graph: Graph, choose: Chooser, numbers: readonly number[]): Value {
  const shape = choose.of([[], [1], [3], [2, 3], [4, 5], [7, 3, 1], [3, 3]]);
  const dtype = choose.of(["float32", "float32", "int32", "bool"] as const);
  if (choose.below(3) > 0) {
    const number = dtype === "float32" ? choose.of(numbers) : choose.below(2);
    return graph.fill(number, shape, dtype);
  }
  return graph.constant(elements(dtype, shape, numbers, choose), shape, dtype);
}

/** The shape that two shapes broadcast to, if they do. */
function broadcast(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return null;
    shape.push(Math.max(x, y));
  }
  return shape;
}

/** Two values of one type that broadcast to a shape of moderate size. */
function pair(values: readonly Value[], dtypes: readonly DType[], choose: Chooser) {
  const first = values.filter(({ dtype }) => dtypes.includes(dtype));
  if (first.length === 0) return null;
  const a = choose.recent(first);
  const second = first.filter(({ dtype, shape }) => {
    const result = dtype === a.dtype && broadcast(a.shape, shape);
    return result && sizeOf(result) <= 400;
  });
  if (second.length === 0) return null;
  const b = choose.of(second);
  return { a, b, shape: broadcast(a.shape, b.shape) as number[] };
}

const arithmetic: Step = (graph, values, choose) => {
  const operands = pair(values, ["float32", "int32"], choose);
  if (!operands) return [];
  const { a, b, shape } = operands;
  const op = choose.of(["Add", "Sub", "Mul"]);
  return [graph.node(op, [a, b], { shape, dtype: a.dtype })];
};

const division: Step = (graph, values, choose) => {
  const operands = pair(values, ["float32"], choose);
  if (!operands) return [];
  const { a, b, shape } = operands;
  return [graph.node("Div", [a, b], { shape, dtype: "float32" })];
};

/** Operations that a rewrite may drop. */
const neutral: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype }) => dtype === "float32");
  if (floats.length === 0) return [];
  const x = choose.recent(floats);
  const [op, number] = choose.of([
    ["Mul", 1],
    ["Div", 1],
    ["Sub", 0],
    ["Add", -0],
    ["Add", 0],
    ["Sub", -0],
    ["Pow", 1],
  ] as const);
  const shape = choose.of([[], x.shape.slice(-1), x.shape]);
  return [graph.node(op, [x, graph.fill(number, shape, "float32")], x)];
};

const compare: Step = (graph, values, choose) => {
  const operands = pair(values, ["float32", "int32"], choose);
  if (!operands) return [];
  const op = choose.of(["Equal", "Less", "GreaterOrEqual"]);
  return [graph.node(op, [operands.a, operands.b], { shape: operands.shape, dtype: "bool" })];
};

const select: Step = (graph, values, choose) => {
  const operands = pair(values, ["float32"], choose);
  const conditions = values.filter(
    ({ dtype, shape }) => operands && dtype === "bool" && broadcast(shape, operands.shape),
  );
  if (!operands || conditions.length === 0) return [];
  const condition = choose.recent(conditions);
  const shape = broadcast(condition.shape, operands.shape) as number[];
  return [graph.node("Where", [condition, operands.a, operands.b], { shape, dtype: "float32" })];
};

const unary: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  if (x.dtype === "bool") return [graph.node("Not", [x], x)];
  const op = choose.of(
    x.dtype === "float32" ? ["Neg", "Abs", "Floor", "Identity"] : ["Neg", "Abs"],
  );
  return x.dtype === "float32" || x.dtype === "int32" ? [graph.node(op, [x], x)] : [];
};

const cast: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  // From float to integer the standard leaves NaN and what does not fit undefined.
  const targets: readonly DType[] =
    x.dtype === "float32" ? ["float32", "float64", "bool"] : ["int32", "int64", "float32", "bool"];
  if (x.dtype === "float64") return [];
  const dtype = choose.of(targets);
  const there = graph.node(
    "Cast",
    [x],
    { shape: x.shape, dtype },
    { to: { int: onnxType(dtype) } },
  );
  if (choose.below(2) === 0 || (x.dtype !== "float32" && dtype === "float32")) {
    return dtype === "float64" ? [] : [there];
  }
  return [graph.node("Cast", [there], x, { to: { int: onnxType(x.dtype) } })];
};

const reshape: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  const size = sizeOf(x.shape);
  const divisors = [1, 2, 3, 4, 6].filter((divisor) => size % divisor === 0);
  const first = choose.of(divisors);
  const shape = choose.of([[size], [first, size / first], [first, 1, size / first], x.shape]);
  return [graph.node("Reshape", [x, graph.ints(shape)], { shape, dtype: x.dtype })];
};

const unsqueeze: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  if (x.shape.length > 3) return [];
  const axis = choose.below(x.shape.length + 1);
  const shape = x.shape.toSpliced(axis, 0, 1);
  const up = graph.node("Unsqueeze", [x, graph.ints([axis])], { shape, dtype: x.dtype });
  return choose.below(2) === 0 ? [up] : [graph.node("Squeeze", [up, graph.ints([axis])], x)];
};

const transpose: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  const perm = x.shape.map((_, i) => i);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = choose.below(i + 1);
    [perm[i], perm[j]] = [perm[j] as number, perm[i] as number];
  }
  const shape = perm.map((axis) => x.shape[axis] as number);
  return [graph.node("Transpose", [x], { shape, dtype: x.dtype }, { perm: { ints: perm } })];
};

const expand: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  const shape = x.shape.map((dim) => (dim === 1 ? choose.of([1, 2, 3]) : dim));
  if (choose.below(2) === 0) shape.unshift(choose.of([1, 4]));
  if (sizeOf(shape) > 400) return [];
  return [graph.node("Expand", [x, graph.ints(shape)], { shape, dtype: x.dtype })];
};

const slice: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  if (x.shape.length === 0) return [];
  const axis = choose.below(x.shape.length);
  const dim = x.shape[axis] as number;
  const [from, to] = choose.of([
    [0, dim],
    [0, Math.ceil(dim / 2)],
    [Math.floor(dim / 2), dim],
  ] as const);
  const inputs = [x, graph.ints([from]), graph.ints([to]), graph.ints([axis])];
  return [graph.node("Slice", inputs, { shape: x.shape.with(axis, to - from), dtype: x.dtype })];
};

const concat: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  if (x.shape.length === 0 || sizeOf(x.shape) > 200) return [];
  const axis = choose.below(x.shape.length);
  const count = choose.of([1, 2]);
  const shape = x.shape.with(axis, (x.shape[axis] as number) * count);
  const inputs = Array.from({ length: count }, () => x);
  return [graph.node("Concat", inputs, { shape, dtype: x.dtype }, { axis: { int: axis } })];
};

const split: Step = (graph, values, choose) => {
  const x = choose.recent(values);
  const dim = x.shape.at(-1);
  if (dim === undefined || dim < 2) return [];
  const first = 1 + choose.below(dim - 1);
  const sizes = [first, dim - first];
  const specs = sizes.map((size) => ({ shape: x.shape.with(-1, size), dtype: x.dtype }));
  const parts = graph.multiNode("Split", [x, graph.ints(sizes)], specs, { axis: { int: -1 } });
  return [choose.of(parts)];
};

const MOVEMENT_STEPS = [reshape, unsqueeze, transpose, expand, slice, concat, split];

/** Steps whose operators give the same bits wherever and however they are computed. */
export const EXACT_STEPS: readonly Step[] = [
  ...[arithmetic, arithmetic, division, neutral, compare, unary, cast],
  ...MOVEMENT_STEPS,
];

/**
 * The same with choices between values. ONNX Runtime's Where gives 0 for -0 depending on how its
 * operands broadcast, so there is no division, which would tell the two apart.
 */
export const CHOOSING_STEPS: readonly Step[] = [
  ...[arithmetic, neutral, compare, select, select, unary, cast],
  ...MOVEMENT_STEPS,
];

const product: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype, shape }) => dtype === "float32" && shape.length >= 2);
  if (floats.length === 0) return [];
  const a = choose.recent(floats);
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const partners = floats.filter(({ shape }) => shape.at(-2) === inner);
  const swap = a.shape.map((_, i, { length }) => (i < length - 2 ? i : 2 * length - 3 - i));
  const shape = a.shape.with(-1, rows).with(-2, inner);
  const flipped = graph.node(
    "Transpose",
    [a],
    { shape, dtype: "float32" },
    { perm: { ints: swap } },
  );
  const b = choose.of([...partners, flipped]);
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (!batch) return [];
  const result = { shape: [...batch, rows, b.shape.at(-1) as number], dtype: "float32" } as const;
  return sizeOf(result.shape) > 400 ? [] : [graph.node("MatMul", [a, b], result)];
};

const scale: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype }) => dtype === "float32");
  if (floats.length === 0) return [];
  const x = choose.recent(floats);
  const factor = graph.scalar(choose.of([0.5, -1.5, 0.3]));
  return [
    choose.of([
      () => graph.node("Mul", [x, factor], x),
      () => graph.node("Mul", [factor, x], x),
      () => graph.node("Div", [x, factor], x),
      () => graph.node("Neg", [x], x),
    ])(),
  ];
};

const bias: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype }) => dtype === "float32");
  const sums = floats.filter(({ shape }) => shape.length >= 2);
  if (sums.length === 0) return [];
  const x = choose.recent(sums);
  const fitting = floats.filter(({ shape }) => `${broadcast(shape, x.shape)}` === `${x.shape}`);
  return [graph.node("Add", [x, choose.of(fitting)], x)];
};

const scatter: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype, shape }) => dtype === "float32" && shape.length > 0);
  if (floats.length === 0) return [];
  const updates = choose.recent(floats);
  const rows = choose.of([1, 3, 5]);
  const shape = updates.shape.with(0, rows);
  if (sizeOf(shape) > 400) return [];
  const places = Int32Array.from({ length: sizeOf(updates.shape) }, () => choose.below(rows));
  const indices = graph.constant(places, updates.shape, "int32");
  const zeros = graph.fill(0, shape, "float32");
  const sum = graph.node(
    "ScatterElements",
    [zeros, indices, updates],
    { shape, dtype: "float32" },
    { axis: { int: 0 }, reduction: { string: "add" } },
  );
  const onto = floats.filter((value) => `${value.shape}` === `${shape}`);
  return onto.length === 0 ? [sum] : [graph.node("Add", [choose.of(onto), sum], sum)];
};

const norm: Step = (graph, values, choose) => {
  const floats = values.filter(({ dtype }) => dtype === "float32");
  if (floats.length === 0) return [];
  const x = choose.recent(floats);
  const squares = graph.node("Mul", [x, x], x);
  const axes = choose.below(2) === 0 ? null : graph.ints(x.shape.map((_, i) => i));
  const scalar = { shape: [], dtype: "float32" } as const;
  return [graph.node("ReduceSum", [squares, axes], scalar, { keepdims: { int: 0 } })];
};

/** Steps that fusion works on. */
export const FUSING_STEPS: readonly Step[] = [
  ...[product, scale, scale, bias, bias, scatter, scatter, norm],
  ...[arithmetic, transpose, reshape, expand],
];
