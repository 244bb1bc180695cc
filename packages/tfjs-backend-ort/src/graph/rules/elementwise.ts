/** Rules of operators that compute each element of the output from elements at the same place. */
import { isDType, onnxType, sizeOf } from "../dtypes.ts";
import type { ValueSpec } from "../graph.ts";
import type { NodeView, Rule, RuleTable } from "./node-view.ts";

/** Standard operators with one input whose output has the same shape and type. */
export const UNARY_OPS: ReadonlySet<string> = new Set([
  ...["Abs", "Neg", "Sign", "Ceil", "Floor", "Round", "Exp", "Log", "Sqrt", "Reciprocal", "Erf"],
  ...["Sin", "Cos", "Tan", "Asin", "Acos", "Atan"],
  ...["Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh"],
  ...["Sigmoid", "HardSigmoid", "Softplus", "Softsign", "Relu", "LeakyRelu", "ThresholdedRelu"],
  ...["Elu", "Selu", "Celu", "Gelu", "HardSwish", "Mish", "BitwiseNot", "Identity"],
]);

/** Operators on two inputs of one type, which is also that of the output. */
const ARITHMETIC_OPS = [
  ...["Add", "Sub", "Mul", "Div", "Mod", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"],
];
const VARIADIC_OPS = ["Sum", "Mean", "Max", "Min"];
const COMPARISON_OPS = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"];
const LOGICAL_OPS = ["And", "Or", "Xor"];

/** Standard operators all of whose inputs broadcast to the shape of the output. */
export const BROADCAST_OPS: ReadonlySet<string> = new Set([
  ...[...ARITHMETIC_OPS, ...VARIADIC_OPS, ...COMPARISON_OPS, ...LOGICAL_OPS],
  ...["Pow", "Where"],
]);

function unary(node: NodeView): ValueSpec[] {
  node.arity(1);
  return [node.input(0)];
}

function test(node: NodeView): ValueSpec[] {
  node.arity(1);
  return [{ shape: node.input(0).shape, dtype: "bool" }];
}

function arithmetic(node: NodeView): ValueSpec[] {
  node.arity(2);
  return variadic(node);
}

/** An integer division by zero ends the process where ONNX Runtime does not notice it. */
function division(node: NodeView): ValueSpec[] {
  const result = arithmetic(node);
  const { dtype, data } = node.input(1);
  const exact = dtype !== "float32" && dtype !== "float64";
  if (exact && data?.some((element: number | bigint) => Number(element) === 0)) {
    node.fail("an integer divisor without zeros", "a zero");
  }
  return result;
}

function variadic(node: NodeView): ValueSpec[] {
  const values = node.all();
  const dtype = node.commonType(values);
  return [{ shape: node.broadcast(...values.map(({ shape }) => shape)), dtype }];
}

function comparison(node: NodeView): ValueSpec[] {
  const [spec] = arithmetic(node);
  return [{ shape: spec?.shape ?? [], dtype: "bool" }];
}

function logical(node: NodeView): ValueSpec[] {
  for (const value of node.all()) node.typed(value, "bool");
  return arithmetic(node);
}

function not(node: NodeView): ValueSpec[] {
  node.typed(node.input(0), "bool");
  return unary(node);
}

function pow(node: NodeView): ValueSpec[] {
  node.arity(2);
  const [base, exponent] = [node.input(0), node.input(1)];
  return [{ shape: node.broadcast(base.shape, exponent.shape), dtype: base.dtype }];
}

function where(node: NodeView): ValueSpec[] {
  node.arity(3);
  const [condition, yes, no] = [node.input(0), node.input(1), node.input(2)];
  node.typed(condition, "bool");
  const dtype = node.commonType([yes, no]);
  return [{ shape: node.broadcast(condition.shape, yes.shape, no.shape), dtype }];
}

function clip(node: NodeView): ValueSpec[] {
  node.arity(1, 3);
  const x = node.input(0);
  for (const bound of [node.optional(1), node.optional(2)]) {
    if (bound === null) continue;
    node.typed(bound, x.dtype);
    if (sizeOf(bound.shape) !== 1) node.fail("scalar bounds", `[${bound.shape}]`);
  }
  return [x];
}

function cast(node: NodeView): ValueSpec[] {
  node.arity(1);
  const to = node.int("to");
  const dtype = node.node.outputs[0]?.dtype;
  if (dtype === undefined || !isDType(dtype) || onnxType(dtype) !== to) {
    node.fail("attribute to to name the type of the output", `${to} for ${dtype}`);
  }
  return [{ shape: node.input(0).shape, dtype }];
}

/** Activations with an optional vector added first. */
function biased(node: NodeView): ValueSpec[] {
  node.arity(1, 2);
  const x = node.input(0);
  const bias = node.optional(1);
  if (bias !== null) {
    node.ranked(bias, 1);
    node.typed(bias, x.dtype);
    if (bias.shape[0] !== x.shape.at(-1)) {
      node.fail(`${bias.shape[0]} columns in the input`, `${x.shape.at(-1)}`);
    }
  }
  return [x];
}

function each(ops: Iterable<string>, rule: Rule): RuleTable {
  return Object.fromEntries(Array.from(ops, (op) => [op, rule]));
}

/** Rules of the standard. */
export const ELEMENTWISE_RULES: RuleTable = {
  ...each(UNARY_OPS, unary),
  ...each(ARITHMETIC_OPS, arithmetic),
  ...each(VARIADIC_OPS, variadic),
  ...each(COMPARISON_OPS, comparison),
  ...each(LOGICAL_OPS, logical),
  ...each(["Div", "Mod"], division),
  ...each(["IsNaN", "IsInf"], test),
  Not: not,
  Pow: pow,
  Where: where,
  Clip: clip,
  Cast: cast,
};

/** Rules of ONNX Runtime's own operators. */
export const ELEMENTWISE_CONTRIB_RULES: RuleTable = {
  ...each(["Gelu", "QuickGelu"], unary),
  ...each(["FastGelu", "BiasGelu"], biased),
};
