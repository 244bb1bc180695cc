/**
 * How handlers record elementwise operators: the element type to compute in, single nodes, and
 * handlers made of one function of a value. Which kernels there are is the business of ./unary.ts,
 * ./binary.ts, ./comparison.ts and ./activation.ts.
 */
import type { UnaryInputs } from "@tensorflow/tfjs-core";
import type { DType } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { type Handler, handler } from "./kernel.ts";
import { broadcastShapes, castTo } from "./shape.ts";

/** float32 if any value is, else int32: ONNX Runtime computes nothing on bool. */
export function numericType(...values: readonly Value[]): DType {
  return values.some(({ dtype }) => dtype === "float32") ? "float32" : "int32";
}

/** Records a node with one input and an output of the same shape and type. */
export function apply(graph: Graph, op: string, x: Value): Value {
  return graph.node(op, [x], x);
}

/** Records a node on two values of one type, which the output has too. */
export function combine(graph: Graph, op: string, a: Value, b: Value): Value {
  return graph.node(op, [a, b], { shape: broadcastShapes(a.shape, b.shape), dtype: a.dtype });
}

/** Records a node on one or two values that answers with bools. */
export function test(graph: Graph, op: string, a: Value, b?: Value): Value {
  if (!b) return graph.node(op, [a], { shape: a.shape, dtype: "bool" });
  return graph.node(op, [a, b], { shape: broadcastShapes(a.shape, b.shape), dtype: "bool" });
}

/** A handler that computes in float32 and returns the type of its input. */
export function inFloat(record: (graph: Graph, x: Value) => Value): Handler {
  return handler<keyof UnaryInputs>((graph, { x }) =>
    castTo(graph, record(graph, castTo(graph, x, "float32")), x.dtype),
  );
}

/** A handler that computes in float32 or int32, whichever its input is; bool goes through int32. */
export function numeric<Attrs extends object = object>(
  record: (graph: Graph, x: Value, attributes: Attrs) => Value,
): Handler {
  return handler<keyof UnaryInputs, Attrs>((graph, { x }, attributes) =>
    castTo(graph, record(graph, castTo(graph, x, numericType(x)), attributes), x.dtype),
  );
}

/** A handler that computes in the type `type` chooses; the result has the type of `a`, as in tfjs. */
export function arithmetic(
  type: (a: Value, b: Value) => DType,
  record: (graph: Graph, a: Value, b: Value) => Value,
): Handler {
  return handler<"a" | "b">((graph, { a, b }) => {
    const dtype = type(a, b);
    const result = record(graph, castTo(graph, a, dtype), castTo(graph, b, dtype));
    return castTo(graph, result, a.dtype);
  });
}
