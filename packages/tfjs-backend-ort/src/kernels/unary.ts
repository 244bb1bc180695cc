/**
 * Mathematical functions of one tensor. float32 is one node wherever ONNX has the function; int32
 * and bool are computed in float32 and converted back, which is what tfjs gives them.
 */
import type { CastAttrs, CastInputs, UnaryInputs } from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { isDType } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { apply, combine, inFloat, numeric, test } from "./elementwise.ts";
import { type Handler, type HandlerTable, handler } from "./kernel.ts";
import { castTo, filled, where } from "./shape.ts";

/** ONNX operators with the name and, for floats, the meaning of a tfjs kernel. */
const SAME_NAME = [
  "Log",
  "Sqrt",
  "Reciprocal",
  "Tanh",
  "Erf",
  "Sigmoid",
  "Softplus",
  "Sin",
  "Cos",
  "Tan",
  "Asin",
  "Acos",
  "Atan",
  "Sinh",
  "Cosh",
  "Asinh",
  "Acosh",
  "Atanh",
] as const;

/** Handlers of the kernels that apply a function to every element. */
export const UNARY: HandlerTable = {
  ...Object.fromEntries(SAME_NAME.map((op) => [op, floatFunction(op)])),

  // The one function of tfjs that turns integers into floats. Their powers are large, and worth the
  // precision of float64.
  Exp: handler<keyof UnaryInputs>((graph, { x }) => {
    const wide = x.dtype === "float32" ? x : castTo(graph, x, "float64");
    return castTo(graph, apply(graph, "Exp", wide), "float32");
  }),

  Rsqrt: inFloat((graph, x) => apply(graph, "Reciprocal", apply(graph, "Sqrt", x))),
  Expm1: inFloat(expMinusOne),
  Log1p: inFloat(logOnePlus),

  Neg: numeric((graph, x) => apply(graph, "Neg", x)),
  Abs: numeric((graph, x) => apply(graph, "Abs", x)),
  Square: numeric((graph, x) => combine(graph, "Mul", x, x)),
  Sign: numeric((graph, x) => {
    const sign = apply(graph, "Sign", x);
    // tfjs: the sign of NaN is 0.
    return x.dtype === "int32"
      ? sign
      : where(graph, test(graph, "IsNaN", x), graph.scalar(0), sign);
  }),

  Floor: rounding("Floor"),
  Ceil: rounding("Ceil"),
  Round: rounding("Round"),

  IsNan: floatTest((graph, x) => test(graph, "IsNaN", x), false),
  IsInf: floatTest((graph, x) => test(graph, "IsInf", x), false),
  IsFinite: floatTest((graph, x) => {
    const infinity = graph.scalar(Number.POSITIVE_INFINITY);
    return test(graph, "Less", apply(graph, "Abs", x), infinity);
  }, true),

  Cast: handler<keyof CastInputs, CastAttrs>((graph, { x }, { dtype }) => {
    if (!isDType(dtype)) {
      throw new UnsupportedKernelError(
        `Cast: expected float32, int32 or bool, got ${dtype}. Cast outside the compiled function.`,
      );
    }
    return castTo(graph, x, dtype);
  }),
};

function floatFunction(op: string): Handler {
  return inFloat((graph, x) => apply(graph, op, x));
}

function rounding(op: string): Handler {
  return handler<keyof UnaryInputs>((graph, { x }) =>
    x.dtype === "float32" ? apply(graph, op, x) : x,
  );
}

/** A handler of a question about floats whose answer for every integer is `ofIntegers`. */
function floatTest(record: (graph: Graph, x: Value) => Value, ofIntegers: boolean): Handler {
  return handler<keyof UnaryInputs>((graph, { x }) =>
    x.dtype === "float32" ? record(graph, x) : filled(graph, +ofIntegers, x.shape, "bool"),
  );
}

/** `2 sinh(x/2) exp(x/2)`: accurate near zero, where exp(x) - 1 cancels. */
function expMinusOne(graph: Graph, x: Value): Value {
  // Below -50 the result is -1 to the last bit, and sinh would overflow further down.
  const bounded = combine(graph, "Max", x, graph.scalar(-50));
  const half = combine(graph, "Mul", bounded, graph.scalar(0.5));
  const product = combine(graph, "Mul", apply(graph, "Sinh", half), apply(graph, "Exp", half));
  return combine(graph, "Mul", product, graph.scalar(2));
}

/** `2 atanh(x / (2 + x))` near zero, where 1 + x loses digits, and log(1 + x) elsewhere. */
function logOnePlus(graph: Graph, x: Value): Value {
  const ratio = combine(graph, "Div", x, combine(graph, "Add", x, graph.scalar(2)));
  const near = combine(graph, "Mul", apply(graph, "Atanh", ratio), graph.scalar(2));
  const far = apply(graph, "Log", combine(graph, "Add", x, graph.scalar(1)));
  const isNear = test(graph, "Less", apply(graph, "Abs", x), graph.scalar(0.5));
  return where(graph, isNear, near, far);
}
