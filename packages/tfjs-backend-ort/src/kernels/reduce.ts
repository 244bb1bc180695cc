/** Reductions along axes, positions of extremes, and softmax. */
import type {
  AllAttrs,
  ArgMaxAttrs,
  LogSoftmaxAttrs,
  LogSoftmaxInputs,
  MaxAttrs,
  MinAttrs,
  SoftmaxAttrs,
  SoftmaxInputs,
  SumAttrs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine, numericType, test } from "./elementwise.ts";
import { type Handler, type HandlerTable, handler } from "./kernel.ts";
import {
  castTo,
  filled,
  isEmpty,
  normalizeAxes,
  normalizeAxis,
  reducedShape,
  reduceOver,
  reshapeTo,
  where,
} from "./shape.ts";

type Axes = readonly number[];
type Extreme = "ReduceMax" | "ReduceMin";

/** Handlers of the reducing kernels. */
export const REDUCE: HandlerTable = {
  Sum: total("ReduceSum"),
  Prod: total("ReduceProd"),
  Mean: handler<"x", SumAttrs>((graph, { x }, { axis, keepDims }) => {
    const float = castTo(graph, x, "float32");
    return reduceOver(graph, "ReduceMean", float, normalizeAxes(axis, x.shape.length), keepDims);
  }),

  Max: handler<"x", MaxAttrs>((graph, { x }, { reductionIndices, keepDims }) =>
    extreme(graph, "ReduceMax", x, normalizeAxes(reductionIndices, x.shape.length), keepDims),
  ),
  Min: handler<"x", MinAttrs>((graph, { x }, { axis, keepDims }) =>
    extreme(graph, "ReduceMin", x, normalizeAxes(axis, x.shape.length), keepDims),
  ),
  All: quantifier("ReduceMin"),
  Any: quantifier("ReduceMax"),

  ArgMax: position("largest"),
  ArgMin: position("smallest"),

  Softmax: handler<keyof SoftmaxInputs, SoftmaxAttrs>((graph, { logits }, { dim }) =>
    normalized(graph, "Softmax", logits, dim),
  ),
  LogSoftmax: handler<keyof LogSoftmaxInputs, LogSoftmaxAttrs>((graph, { logits }, { axis }) =>
    normalized(graph, "LogSoftmax", logits, axis),
  ),
};

function total(op: "ReduceSum" | "ReduceProd"): Handler {
  return handler<"x", SumAttrs>((graph, { x }, { axis, keepDims }) => {
    const axes = normalizeAxes(axis, x.shape.length);
    if (x.dtype === "float32") return reduceOver(graph, op, x, axes, keepDims);
    // On overflow ONNX Runtime's int32 reductions saturate; tfjs wraps around.
    const result = reduceOver(graph, op, castTo(graph, x, "int64"), axes, keepDims);
    return castTo(graph, result, "int32");
  });
}

function quantifier(op: Extreme): Handler {
  return handler<"x", AllAttrs>((graph, { x }, { axis, keepDims }) =>
    extreme(graph, op, castTo(graph, x, "bool"), normalizeAxes(axis, x.shape.length), keepDims),
  );
}

function extreme(graph: Graph, op: Extreme, x: Value, axes: Axes, keepDims: boolean): Value {
  if (x.dtype === "float32") return propagateNaN(graph, op, x, axes, keepDims);
  if (x.dtype === "bool" && isEmpty(x)) {
    // ONNX Runtime refuses: every one of no elements holds, none of them does.
    const neutral = op === "ReduceMin" ? 1 : 0;
    return filled(graph, neutral, reducedShape(x.shape, axes, keepDims), "bool");
  }
  return reduceOver(graph, op, x, axes, keepDims);
}

/** The extreme, or NaN where there is any: ONNX Runtime's reductions skip most NaNs. */
function propagateNaN(graph: Graph, op: Extreme, x: Value, axes: Axes, keepDims: boolean): Value {
  const result = reduceOver(graph, op, x, axes, keepDims);
  if (sizeOf(result.shape) >= sizeOf(x.shape)) return result;
  // Squares cannot cancel to NaN as Infinity - Infinity does, so only NaN makes this sum NaN.
  const squares = combine(graph, "Mul", x, x);
  const sum = reduceOver(graph, "ReduceSum", squares, axes, keepDims);
  return where(graph, test(graph, "IsNaN", sum), sum, result);
}

/**
 * Position of the first largest or smallest element, passing over NaN except in front, as tfjs
 * does. ONNX's ArgMax stops at some NaNs, depending on the row's length, and is no faster.
 */
function position(which: "largest" | "smallest"): Handler {
  return handler<"x", ArgMaxAttrs>((graph, { x }, attributes) => {
    const axis = normalizeAxis(attributes.axis, x.shape.length);
    const shape = reducedShape(x.shape, [axis], false);
    if (isEmpty(x)) return filled(graph, 0, shape, "int32");
    const number = castTo(graph, x, numericType(x));
    const kept = reducedShape(x.shape, [axis], true);
    const [, first] = graph.multiNode(
      "TopK",
      [number, graph.ints([1])],
      [
        { shape: kept, dtype: number.dtype },
        { shape: kept, dtype: "int64" },
      ],
      { axis: { int: axis }, largest: { int: which === "largest" ? 1 : 0 } },
    );
    return castTo(graph, reshapeTo(graph, first as Value, shape), "int32");
  });
}

function normalized(graph: Graph, op: string, logits: Value, axis: number): Value {
  const float = castTo(graph, logits, "float32");
  const along = normalizeAxis(axis, logits.shape.length);
  return graph.node(op, [float], float, { axis: { int: along } });
}
