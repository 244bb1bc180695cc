/**
 * Operators that do nothing, undo each other or can be said with fewer, whatever their operands hold.
 * Every rule is exact to the bit (but for the bits of a NaN).
 */
import { type DType, sameShape, sizeOf } from "../graph/dtypes.ts";
import { type Graph, type Node, sameSpec, type Value } from "../graph/graph.ts";
import { type Rewriter, type Rule, rewrite } from "./rewrite.ts";

/** Removes what has no effect. */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const rule = node.domain === "" ? RULES.get(node.op) : undefined;
    return rule ? rule(node, rewriter) : null;
  });
}

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    Identity: firstInput,
    Sum: onlyInput,
    Max: onlyInput,
    Min: onlyInput,
    Concat: onlyInput,
    Reshape: simplifyReshape,
    Unsqueeze: asReshape,
    Squeeze: asReshape,
    Flatten: asReshape,
    Transpose: simplifyTranspose,
    Expand: simplifyExpand,
    Slice: unchanged,
    Pad: unchanged,
    Tile: unchanged,
    Cast: simplifyCast,
    Neg: undone,
    Not: undone,
    Mul: (node) => without(node, 1, true),
    Div: (node) => without(node, 1, false),
    Pow: (node) => without(node, 1, false),
    Add: simplifyAdd,
    Sub: simplifySub,
  } satisfies Record<string, Rule>),
);

function firstInput({ inputs }: Node): Value | null {
  return inputs[0] ?? null;
}

function onlyInput(node: Node): Value | null {
  return node.inputs.length === 1 ? firstInput(node) : null;
}

/** Slices, pads and tiles that keep the shape keep everything, except a slice that reverses. */
function unchanged({ op, inputs, outputs }: Node): Value | null {
  const [x] = inputs;
  const [output] = outputs;
  if (!x || !output || !sameShape(x.shape, output.shape)) return null;
  if (op === "Tile") return x;
  if (op === "Pad") return allZero(inputs[1]) ? x : null;
  const steps = inputs[4];
  const forward = !steps || steps.data?.every((step: number | bigint) => step > 0);
  return forward ? x : null;
}

function allZero(value: Value | null | undefined): boolean {
  return value?.data?.every((element: number | bigint) => Number(element) === 0) ?? false;
}

/** All reshapes by the one operator that the other rules know. */
function asReshape({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [x] = inputs;
  const [output] = outputs;
  return x && output ? reshape(x, output, rewriter) : null;
}

/** `x` in the shape of `output`, read from before any reshape of it. */
function reshape(x: Value, output: Value, rewriter: Rewriter): Value {
  const source = rewriter.madeBy(x, "Reshape")?.inputs[0] ?? x;
  if (sameShape(source.shape, output.shape)) return source;
  const attributes = sizeOf(output.shape) === 0 ? { allowzero: { int: 1 } } : {};
  const inputs = [source, rewriter.graph.ints(output.shape)];
  return rewriter.node("Reshape", inputs, output, attributes);
}

function simplifyReshape(node: Node, rewriter: Rewriter): Value | null {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output) return null;
  const changes = sameShape(x.shape, output.shape) || rewriter.madeBy(x, "Reshape") !== null;
  return changes ? reshape(x, output, rewriter) : null;
}

function simplifyTranspose(node: Node, rewriter: Rewriter): Value | null {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output) return null;
  const before = rewriter.madeBy(x, "Transpose");
  const first = before && permutation(before);
  const source = before?.inputs[0] ?? x;
  const perm = permutation(node).map((axis) => (first ? (first[axis] as number) : axis));
  // Dimensions of 1 may go anywhere without an element moving.
  const moving = perm.filter((axis) => source.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > (moving[i - 1] as number))) {
    return reshape(source, output, rewriter);
  }
  if (source === x) return null;
  return rewriter.node("Transpose", [source], output, { perm: { ints: perm } });
}

/** The permutation of a Transpose node: axis `i` of the output is axis `perm[i]` of the input. */
function permutation({ inputs, attributes }: Node): readonly number[] {
  const perm = attributes["perm"];
  if (perm && "ints" in perm) return perm.ints;
  const rank = inputs[0]?.shape.length ?? 0;
  return Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

function simplifyExpand({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [x, shape] = inputs;
  const [output] = outputs;
  if (!x || !shape || !output) return null;
  if (sizeOf(x.shape) === sizeOf(output.shape)) return reshape(x, output, rewriter);
  const source = rewriter.madeBy(x, "Expand")?.inputs[0];
  if (!source) return null;
  return rewriter.node("Expand", [source, rewriter.graph.ints(output.shape)], output);
}

/** Types that hold every value of another. */
const HOLDS: Readonly<Record<DType, readonly DType[]>> = {
  bool: ["bool", "uint8", "int32", "int64", "float32", "float64"],
  uint8: ["uint8", "int32", "int64", "float32", "float64"],
  int32: ["int32", "int64", "float64"],
  int64: ["int64"],
  float32: ["float32", "float64"],
  float64: ["float64"],
};

function simplifyCast({ inputs, outputs, attributes }: Node, rewriter: Rewriter): Value | null {
  const [x] = inputs;
  const [output] = outputs;
  if (!x || !output) return null;
  if (sameSpec(x, output)) return x;
  const source = rewriter.madeBy(x, "Cast")?.inputs[0];
  if (!source || !HOLDS[source.dtype].includes(x.dtype)) return null;
  if (source.dtype === output.dtype) return source;
  return rewriter.node("Cast", [source], output, attributes);
}

/** -(-x) and not not x. */
function undone({ op, inputs }: Node, rewriter: Rewriter): Value | null {
  return rewriter.madeBy(inputs[0], op)?.inputs[0] ?? null;
}

/**
 * The other operand where one is `neutral` throughout and the other alone has the output's shape.
 * @param either whether the first operand may be the neutral one
 */
function without(node: Node, neutral: number, either: boolean): Value | null {
  const [a, b] = node.inputs;
  const [output] = node.outputs;
  if (!a || !b || !output) return null;
  if (isAll(b, neutral) && sameSpec(a, output)) return a;
  return either && isAll(a, neutral) && sameSpec(b, output) ? b : null;
}

/** Whether `value` is a constant of one element, as ./uniform.ts leaves it, that is `number`. */
function isAll({ data }: Value, number: number): boolean {
  return data?.length === 1 && Object.is(Number(data[0]), number);
}

/**
 * x + 0 turns -0 into 0, so for floats only x + -0 is x. x + -y is x - y.
 */
function simplifyAdd(node: Node, rewriter: Rewriter): Value | null {
  const [a, b] = node.inputs;
  const [output] = node.outputs;
  if (!a || !b || !output) return null;
  const isFloat = output.dtype === "float32" || output.dtype === "float64";
  const same = without(node, isFloat ? -0 : 0, true);
  if (same) return same;
  const [negatedA, negatedB] = [negated(a, rewriter), negated(b, rewriter)];
  if (negatedB) return rewriter.node("Sub", [a, negatedB], output);
  return negatedA && rewriter.node("Sub", [b, negatedA], output);
}

/** x - 0 is x, also for -0. x - -y is x + y. */
function simplifySub(node: Node, rewriter: Rewriter): Value | null {
  const [a, b] = node.inputs;
  const [output] = node.outputs;
  if (!a || !b || !output) return null;
  const same = without(node, 0, false);
  if (same) return same;
  const minus = negated(b, rewriter);
  return minus && rewriter.node("Add", [a, minus], output);
}

function negated(value: Value, rewriter: Rewriter): Value | null {
  return rewriter.madeBy(value, "Neg")?.inputs[0] ?? null;
}
