/**
 * Steps that many handlers share: broadcasting, axes, casts, reshapes, reductions. Each records at
 * most the nodes it needs and none when there is nothing to do. Zero-size values become constants:
 * several ONNX Runtime kernels reject them and some end the process.
 */
import { backend_util, util } from "@tensorflow/tfjs-core";
import { allocate, type DType, onnxType, sameShape, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";

/**
 * Shape of an elementwise operation on `a` and `b`.
 * @throws when the shapes cannot be broadcast together, with tfjs' own message
 */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  return backend_util.assertAndGetBroadcastShape([...a], [...b]);
}

/**
 * One axis counted from the front, in `[0, rank)`.
 * @throws when `axis` is outside `[-rank, rank)`, with tfjs' own message
 */
export function normalizeAxis(axis: number, rank: number): number {
  return util.parseAxisParam(axis, new Array<number>(rank).fill(1))[0] as number;
}

/**
 * Distinct axes counted from the front, ascending; all of them for `null` or `undefined`.
 * @throws when one is outside `[-rank, rank)`, with tfjs' own message
 */
export function normalizeAxes(
  axes: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  const given = typeof axes === "object" && axes !== null ? [...axes] : axes;
  // parseAxisParam accepts null and undefined but its declaration does not say so.
  const parsed = util.parseAxisParam(given as number | number[], new Array<number>(rank).fill(1));
  return [...new Set(parsed)].sort((a, b) => a - b);
}

/** Whether a value has no elements. */
export function isEmpty(value: Value): boolean {
  return sizeOf(value.shape) === 0;
}

/** A constant without elements; `shape` must hold a zero. */
export function emptyOf(graph: Graph, shape: readonly number[], dtype: DType): Value {
  return graph.constant(allocate(dtype, 0), shape, dtype);
}

/** A value of `shape` filled with one number, stored as a scalar and expanded at run time. */
export function filled(graph: Graph, value: number, shape: readonly number[], dtype: DType): Value {
  return expandTo(graph, graph.scalar(value, dtype), shape);
}

/**
 * `value` with elements of another type, as JavaScript's typed arrays convert them: fractions are
 * cut towards zero, and what does not fit in int32 wraps around. NaN and infinities become 0 in
 * int32 (on machines whose conversion saturates, infinities become -1).
 */
export function castTo(graph: Graph, value: Value, dtype: DType): Value {
  if (value.dtype === dtype) return value;
  if (isEmpty(value)) return emptyOf(graph, value.shape, dtype);
  const fromFloat = value.dtype === "float32" || value.dtype === "float64";
  if (!fromFloat || dtype !== "int32") return castNode(graph, value, dtype);
  const wide = castNode(graph, value, "int64");
  // Changes nothing, but ONNX Runtime would merge two casts in a row into one that saturates.
  const kept = graph.node("BitwiseAnd", [wide, graph.scalar(-1, "int64")], wide);
  return castNode(graph, kept, dtype);
}

/** Same elements in row-major order under another shape of equal size. */
export function reshapeTo(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  if (isEmpty(value)) return emptyOf(graph, shape, value.dtype);
  return graph.node("Reshape", [value, graph.ints(shape)], { shape, dtype: value.dtype });
}

/** `value` repeated to `shape`, which it must broadcast to. */
export function expandTo(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, value.dtype);
  return graph.node("Expand", [value, graph.ints(shape)], { shape, dtype: value.dtype });
}

/** Axis `i` of the result is axis `perm[i]` of `value`. */
export function transposeTo(graph: Graph, value: Value, perm: readonly number[]): Value {
  if (perm.every((axis, i) => axis === i)) return value;
  const shape = perm.map((axis) => value.shape[axis] as number);
  if (isEmpty(value)) return emptyOf(graph, shape, value.dtype);
  return graph.node("Transpose", [value], { shape, dtype: value.dtype }, { perm: { ints: perm } });
}

/**
 * `whenTrue` where `condition` holds, `whenFalse` elsewhere; all three broadcast.
 * @param condition bool
 * @param whenTrue same element type as `whenFalse`
 */
export function where(graph: Graph, condition: Value, whenTrue: Value, whenFalse: Value): Value {
  const branches = broadcastShapes(whenTrue.shape, whenFalse.shape);
  const shape = broadcastShapes(condition.shape, branches);
  const { dtype } = whenTrue;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  // ONNX Runtime has no Where for bool.
  const stored = dtype === "bool" ? "int32" : dtype;
  const inputs = [condition, castTo(graph, whenTrue, stored), castTo(graph, whenFalse, stored)];
  return castTo(graph, graph.node("Where", inputs, { shape, dtype: stored }), dtype);
}

/** The ONNX reductions that handlers use. */
export type Reduction = "ReduceSum" | "ReduceMean" | "ReduceProd" | "ReduceMax" | "ReduceMin";

/**
 * Reduces `value` over `axes`; the element type stays. Over no elements ReduceSum and ReduceMean
 * give 0, ReduceProd 1, ReduceMax and ReduceMin the lowest and the highest value of the type.
 * ReduceMax and ReduceMin may ignore NaN.
 * @param value float32, float64, int32 or int64; bool for ReduceMax and ReduceMin of some elements
 * @param axes as {@link normalizeAxes} gives them; none means no reduction
 * @param keepDims whether reduced dimensions stay with length 1
 */
export function reduceOver(
  graph: Graph,
  op: Reduction,
  value: Value,
  axes: readonly number[],
  keepDims: boolean,
): Value {
  const shape = reducedShape(value.shape, axes, keepDims);
  const { dtype } = value;
  if (axes.every((axis) => value.shape[axis] === 1)) return reshapeTo(graph, value, shape);
  const attributes = { keepdims: { int: keepDims ? 1 : 0 } };
  return graph.node(op, [value, graph.ints(axes)], { shape, dtype }, attributes);
}

/** Shape left by a reduction of `shape` over `axes`. */
export function reducedShape(
  shape: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): number[] {
  if (keepDims) return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
  return shape.filter((_, i) => !axes.includes(i));
}

function castNode(graph: Graph, value: Value, dtype: DType): Value {
  return graph.node(
    "Cast",
    [value],
    { shape: value.shape, dtype },
    { to: { int: onnxType(dtype) } },
  );
}
