/** Comparisons and logic: bool out. ONNX Runtime orders no bools, so those compare as int32. */
import type { LogicalNotInputs } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph/graph.ts";
import { numericType, test } from "./elementwise.ts";
import { type Handler, type HandlerTable, handler } from "./kernel.ts";
import { castTo } from "./shape.ts";

/** Handlers of the comparison and logic kernels. */
export const COMPARISON: HandlerTable = {
  Equal: comparison("Equal"),
  NotEqual: handler<"a" | "b">((graph, { a, b }) =>
    test(graph, "Not", compare(graph, "Equal", a, b)),
  ),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: logic("And"),
  LogicalOr: logic("Or"),
  LogicalNot: handler<keyof LogicalNotInputs>((graph, { x }) =>
    test(graph, "Not", castTo(graph, x, "bool")),
  ),
};

function comparison(op: string): Handler {
  return handler<"a" | "b">((graph, { a, b }) => compare(graph, op, a, b));
}

function compare(graph: Graph, op: string, a: Value, b: Value): Value {
  const dtype = numericType(a, b);
  return test(graph, op, castTo(graph, a, dtype), castTo(graph, b, dtype));
}

function logic(op: string): Handler {
  return handler<"a" | "b">((graph, { a, b }) =>
    test(graph, op, castTo(graph, a, "bool"), castTo(graph, b, "bool")),
  );
}
