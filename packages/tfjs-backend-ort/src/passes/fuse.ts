/**
 * Fusion: fewer passes over memory for the same result up to rounding. Transposes, scales and biases
 * are not moved into matrix products: ONNX Runtime does so itself where the product alone reads
 * them, and where others read them too it was measured to gain nothing.
 */
import { sameShape, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { type Rewriter, type Rule, rewrite } from "./rewrite.ts";

/** Fuses what can be fused in one walk; the result may allow more. */
export function fuse(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => {
    const rule = node.domain === "" ? RULES.get(node.op) : undefined;
    return rule ? rule(node, rewriter) : null;
  });
}

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    Mul: (node, rewriter) => mergeScales(node, rewriter) ?? scaleSmaller(node, rewriter),
    Div: mergeScales,
    Neg: mergeScales,
    Add: scatterOnto,
    ReduceSum: sumSquares,
  } satisfies Record<string, Rule>),
);

/** A value times a number. */
interface Scaled {
  readonly value: Value;
  readonly factor: number;
}

/**
 * The output of `node` as a multiple of another value of its shape by a constant, if that may be
 * computed in another order.
 */
function asScaled(node: Node | null): Scaled | null {
  const [x, y] = node?.inputs ?? [];
  const [output] = node?.outputs ?? [];
  if (!node || !x || !output || node.domain !== "" || output.dtype !== "float32") return null;
  if (node.op === "Neg") return { value: x, factor: -1 };
  if (!y || (node.op !== "Mul" && node.op !== "Div")) return null;
  const [left, right] = [constantFactor(x), constantFactor(y)];
  const swap = node.op === "Mul" && left !== null;
  const value = swap ? y : x;
  const constant = swap ? left : right;
  if (constant === null || value.shape.length !== output.shape.length) return null;
  const factor = node.op === "Mul" ? constant : 1 / constant;
  return isSafeFactor(factor) ? { value, factor } : null;
}

/** The one element of a float32 constant. */
function constantFactor({ data, dtype }: Value): number | null {
  return dtype === "float32" && data?.length === 1 ? Number(data[0]) : null;
}

/**
 * Whether a constant may be moved or merged with others: it must be so near to 1 that nothing
 * overflows or vanishes that did not before, unless it was about to.
 */
function isSafeFactor(factor: number): boolean {
  return Math.abs(factor) <= 2 ** 40 && Math.abs(factor) >= 2 ** -40;
}

/** c (d x) = (c d) x */
function mergeScales(node: Node, rewriter: Rewriter): Value | null {
  const outer = asScaled(node);
  const [output] = node.outputs;
  if (!outer || !output || !rewriter.isReadOnce(outer.value)) return null;
  const inner = asScaled(rewriter.producer(outer.value));
  if (!inner) return null;
  const factor = Math.fround(inner.factor * outer.factor);
  if (!isSafeFactor(factor)) return null;
  return rewriter.node("Mul", [inner.value, rewriter.graph.scalar(factor)], output);
}

/** (c x) y = x (c y) where y is smaller than x. */
function scaleSmaller({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [a, b] = inputs;
  const [output] = outputs;
  if (!a || !b || !output) return null;
  for (const [large, small] of bothWays(a, b)) {
    // Constants are merged by mergeScales, where that is safe.
    if (small.data || sizeOf(small.shape) >= sizeOf(large.shape)) continue;
    const inner = asScaled(rewriter.producer(large));
    if (!inner || !rewriter.isReadOnce(large)) continue;
    const factor = rewriter.graph.scalar(Math.fround(inner.factor));
    const scaled = rewriter.node("Mul", [small, factor], small);
    return rewriter.node("Mul", [inner.value, scaled], output);
  }
  return null;
}

/**
 * x + scatter(zeros) scatters onto x: two buffers of the size of an embedding less, which nobody has
 * to fill and add.
 */
function scatterOnto({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [a, b] = inputs;
  const [output] = outputs;
  if (!a || !b || !output) return null;
  for (const [base, sum] of bothWays(a, b)) {
    if (!sameShape(base.shape, sum.shape) || !rewriter.isReadOnce(sum)) continue;
    const scatter = rewriter.madeBy(sum, "ScatterElements") ?? rewriter.madeBy(sum, "ScatterND");
    const [zeros, indices, updates] = scatter?.inputs ?? [];
    if (!scatter || !zeros || !indices || !updates || !isZero(zeros, rewriter)) continue;
    const reduction = scatter.attributes["reduction"];
    if (!reduction || !("string" in reduction) || reduction.string !== "add") continue;
    return rewriter.node(scatter.op, [base, indices, updates], output, scatter.attributes);
  }
  return null;
}

function isZero(value: Value, rewriter: Rewriter): boolean {
  const { data } = rewriter.madeBy(value, "Expand")?.inputs[0] ?? value;
  return data?.every((element: number | bigint) => Number(element) === 0) ?? false;
}

/**
 * The sum of all x x, as in the norm of a gradient, without storing the squares. Others may read the
 * squares: they are then computed later, when they are needed.
 */
function sumSquares({ inputs, outputs, attributes }: Node, rewriter: Rewriter): Value | null {
  const [squares, axes] = inputs;
  const [output] = outputs;
  if (!squares || !output || output.dtype !== "float32" || sizeOf(output.shape) !== 1) return null;
  const [x, y] = rewriter.madeBy(squares, "Mul")?.inputs ?? [];
  if (!x || x !== y) return null;
  return rewriter.node("ReduceSumSquare", [x, axes ?? null], output, attributes);
}

function bothWays(a: Value, b: Value): readonly (readonly [Value, Value])[] {
  return [
    [a, b],
    [b, a],
  ];
}
