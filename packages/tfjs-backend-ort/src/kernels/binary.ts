/**
 * Arithmetic on two tensors. Float and int32 run natively where ONNX Runtime does what tfjs does;
 * integer division, remainder and power go through float64, which is exact for int32 and, unlike
 * native integer division, survives a zero divisor.
 */
import type { Graph, Value } from "../graph/graph.ts";
import { apply, arithmetic, combine, numericType, test } from "./elementwise.ts";
import { type Handler, type HandlerTable, handler, listHandler } from "./kernel.ts";
import { broadcastShapes, castTo, where } from "./shape.ts";

/** Handlers of the binary arithmetic kernels and AddN. */
export const BINARY: HandlerTable = {
  Add: native("Add"),
  Sub: native("Sub"),
  Multiply: native("Mul"),
  Maximum: native("Max"),
  Minimum: native("Min"),
  RealDiv: floatOrDouble("Div"),
  Pow: floatOrDouble("Pow"),

  SquaredDifference: arithmetic(numericType, (graph, a, b) => {
    const difference = combine(graph, "Sub", a, b);
    return combine(graph, "Mul", difference, difference);
  }),

  FloorDiv: handler<"a" | "b">((graph, { a, b }) => {
    const quotient = combine(
      graph,
      "Div",
      castTo(graph, a, "float64"),
      castTo(graph, b, "float64"),
    );
    return castTo(graph, apply(graph, "Floor", quotient), "int32");
  }),
  Mod: arithmetic(() => "float64", floorMod),
  Atan2: arithmetic(() => "float32", arcTangent2),

  BitwiseAnd: handler<"a" | "b">((graph, { a, b }) => combine(graph, "BitwiseAnd", a, b)),

  AddN: listHandler((graph, values) => {
    const [first, ...rest] = values as readonly [Value, ...Value[]];
    if (rest.length === 0) return first;
    if (first.dtype === "float32") return graph.node("Sum", values, first);
    const sum = rest.reduce(
      (total, value) => combine(graph, "Add", total, castTo(graph, value, "int32")),
      castTo(graph, first, "int32"),
    );
    return castTo(graph, sum, first.dtype);
  }),
};

function native(op: string): Handler {
  return arithmetic(numericType, (graph, a, b) => combine(graph, op, a, b));
}

function floatOrDouble(op: string): Handler {
  return arithmetic(
    (a, b) => (numericType(a, b) === "float32" ? "float32" : "float64"),
    (graph, a, b) => combine(graph, op, a, b),
  );
}

/** Remainder with the sign of the divisor; Mod with `fmod` gives it that of the dividend. */
function floorMod(graph: Graph, a: Value, b: Value): Value {
  const shape = broadcastShapes(a.shape, b.shape);
  const remainder = (x: Value) =>
    graph.node("Mod", [x, b], { shape, dtype: x.dtype }, { fmod: { int: 1 } });
  const zero = graph.scalar(0, a.dtype);
  const truncated = remainder(a);
  const shifted = remainder(combine(graph, "Add", truncated, b));
  const sameSign = test(graph, "Equal", test(graph, "Less", a, zero), test(graph, "Less", b, zero));
  return where(graph, sameSign, truncated, shifted);
}

/** Angle of the point (x, y), signed zeros and infinities as in C's atan2. */
function arcTangent2(graph: Graph, y: Value, x: Value): Value {
  const [height, width] = [apply(graph, "Abs", y), apply(graph, "Abs", x)];
  // Zero by zero lies on the axis, Infinity by Infinity on the diagonal.
  const undefinedRatio = test(graph, "Equal", height, width);
  const slope = combine(graph, "Div", height, width);
  const ratio = where(graph, undefinedRatio, apply(graph, "Sign", height), slope);
  const acute = apply(graph, "Atan", ratio);
  const obtuse = combine(graph, "Sub", graph.scalar(Math.PI), acute);
  const upper = where(graph, hasMinusSign(graph, x), obtuse, acute);
  return where(graph, hasMinusSign(graph, y), apply(graph, "Neg", upper), upper);
}

/** Whether a float is below zero or -0, whose reciprocal is -Infinity. */
function hasMinusSign(graph: Graph, value: Value): Value {
  const zero = graph.scalar(0);
  const inverse = apply(graph, "Reciprocal", value);
  return test(graph, "Or", test(graph, "Less", value, zero), test(graph, "Less", inverse, zero));
}
