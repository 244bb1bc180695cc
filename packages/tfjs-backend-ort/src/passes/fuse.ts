/**
 * Fusion: fewer passes over memory for the same result up to rounding. Only what was found to pay
 * and what ONNX Runtime does not do by itself, or not for graphs with gradients.
 */
import { sameShape, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import {
  absorbOperands,
  asProduct,
  asScaled,
  isPlain,
  isSafeFactor,
  recordProduct,
} from "./product.ts";
import { type Rewriter, type Rule, rewrite } from "./rewrite.ts";

/** Fuses what can be fused in one walk; the result may allow more. */
export function fuse(graph: Graph): Graph {
  return rewrite(graph, (node, rewriter) => RULES.get(node.op)?.(node, rewriter) ?? null);
}

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    MatMul: fuseOperands,
    Gemm: fuseOperands,
    FusedMatMul: fuseOperands,
    Mul: (node, rewriter) => fuseScale(node, rewriter) ?? scaleSmaller(node, rewriter),
    Div: fuseScale,
    Neg: fuseScale,
    Add: (node, rewriter) => fuseBias(node, rewriter) ?? scatterOnto(node, rewriter),
  } satisfies Record<string, Rule>),
);

/** (c x)^T y is one product. Reading x instead of c x costs nothing, so others may read c x too. */
function fuseOperands(node: Node, rewriter: Rewriter): Value | null {
  const product = asProduct(node);
  const [output] = node.outputs;
  if (!product || !output) return null;
  const fused = absorbOperands(product, rewriter);
  return fused === product ? null : recordProduct(fused, output, rewriter);
}

/** c (x y) is one product; c (d x) is one multiplication. */
function fuseScale(node: Node, rewriter: Rewriter): Value | null {
  const outer = asScaled(node);
  const [output] = node.outputs;
  if (!outer || !output || !rewriter.isReadOnce(outer.value)) return null;
  const producer = rewriter.producer(outer.value);
  const product = asProduct(producer);
  if (product && product.c === null) {
    const alpha = Math.fround(product.alpha * outer.factor);
    return isSafeFactor(alpha) ? recordProduct({ ...product, alpha }, output, rewriter) : null;
  }
  const inner = asScaled(producer);
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
  for (const [large, small] of [
    [a, b],
    [b, a],
  ] as const) {
    const inner = asScaled(rewriter.producer(large));
    if (!inner || !rewriter.isReadOnce(large)) continue;
    // Constants are merged by fuseScale, where that is safe.
    if (small.data || sizeOf(small.shape) >= sizeOf(large.shape)) continue;
    const factor = rewriter.graph.scalar(Math.fround(inner.factor));
    const scaled = rewriter.node("Mul", [small, factor], small);
    return rewriter.node("Mul", [inner.value, scaled], output);
  }
  return null;
}

/** x y + c is one Gemm, also where the product was reshaped to batches before one row was added. */
function fuseBias({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [a, b] = inputs;
  const [output] = outputs;
  if (!a || !b || !output || output.dtype !== "float32") return null;
  for (const [sum, bias] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!sameShape(sum.shape, output.shape) || !rewriter.isReadOnce(sum)) continue;
    const matrix = rewriter.madeBy(sum, "Reshape")?.inputs[0] ?? sum;
    const product = asProduct(rewriter.producer(matrix));
    if (!product || product.c !== null || !isPlain(product)) continue;
    if (matrix !== sum && !rewriter.isReadOnce(matrix)) continue;
    const row = asRow(bias, rewriter);
    const c = row ?? (matrix === sum && bias.shape.length <= 2 ? bias : null);
    if (c === null) continue;
    const fused = recordProduct({ ...product, c }, matrix, rewriter);
    if (matrix === sum) return fused;
    return rewriter.node("Reshape", [fused, rewriter.graph.ints(output.shape)], output);
  }
  return null;
}

/** `value` as a vector, if it has but one dimension other than 1 and that is the last. */
function asRow(value: Value, rewriter: Rewriter): Value | null {
  const { shape, dtype } = value;
  const length = shape.at(-1) ?? 1;
  if (sizeOf(shape) !== length) return null;
  if (shape.length === 1) return value;
  const spec = { shape: [length], dtype };
  return rewriter.node("Reshape", [value, rewriter.graph.ints(spec.shape)], spec);
}

/**
 * x + scatter(zeros) scatters onto x: two buffers of the size of an embedding less, and nobody has
 * to fill and add them.
 */
function scatterOnto({ inputs, outputs }: Node, rewriter: Rewriter): Value | null {
  const [a, b] = inputs;
  const [output] = outputs;
  if (!a || !b || !output) return null;
  for (const [base, sum] of [
    [a, b],
    [b, a],
  ] as const) {
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
