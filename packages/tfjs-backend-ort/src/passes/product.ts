/**
 * Matrix products in one form, whichever of the three operators says them: what may be stored
 * transposed, scaled by a number or added belongs to the product, not to nodes around it.
 */
import type { Node, Value, ValueSpec } from "../graph/graph.ts";
import type { Rewriter } from "./rewrite.ts";
import { permutation } from "./simplify.ts";

/** `alpha * A * B + C` over the last two dimensions of float32 values. */
export interface Product {
  readonly a: Value;
  readonly b: Value;
  /** Only for plain matrices; broadcasts to the product. */
  readonly c: Value | null;
  /** Whether `a` is stored with its last two dimensions swapped. */
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
}

/** The product that `node` computes, or `null` where it is none or of another form. */
export function asProduct(node: Node | null): Product | null {
  const [a, b, c] = node?.inputs ?? [];
  if (!node || !a || !b || !isProductOp(node)) return null;
  if (a.dtype !== "float32" || a.shape.length < 2 || b.shape.length < 2) return null;
  const flag = (name: string) => number(node, name, 0) !== 0;
  if (flag("transBatchA") || flag("transBatchB") || (c && number(node, "beta", 1) !== 1))
    return null;
  const alpha = number(node, "alpha", 1);
  return { a, b, c: c ?? null, transA: flag("transA"), transB: flag("transB"), alpha };
}

/** Appends the cheapest node for `product`. */
export function recordProduct(product: Product, output: ValueSpec, rewriter: Rewriter): Value {
  const { a, b, c, transA, transB, alpha } = product;
  if (!transA && !transB && alpha === 1 && c === null) {
    return rewriter.node("MatMul", [a, b], output);
  }
  const attributes = {
    transA: { int: Number(transA) },
    transB: { int: Number(transB) },
    alpha: { float: alpha },
  };
  if (isPlain(product)) return rewriter.node("Gemm", c ? [a, b, c] : [a, b], output, attributes);
  return rewriter.node("FusedMatMul", [a, b], output, attributes, "com.microsoft");
}

/** Whether both sides are matrices without batches. */
export function isPlain({ a, b }: Product): boolean {
  return a.shape.length === 2 && b.shape.length === 2;
}

/**
 * The product with what happens to its operands taken into it: transposes of the last two
 * dimensions, multiplication by constants. `product` itself where there is nothing.
 */
export function absorbOperands(product: Product, rewriter: Rewriter): Product {
  let { a, b, transA, transB, alpha } = product;
  for (;;) {
    const left = withoutTranspose(a, rewriter);
    const right = withoutTranspose(b, rewriter);
    const scaledA = asScaled(rewriter.producer(a));
    const scaledB = asScaled(rewriter.producer(b));
    if (left) [a, transA] = [left, !transA];
    else if (right) [b, transB] = [right, !transB];
    else if (scaledA) [a, alpha] = [scaledA.value, alpha * scaledA.factor];
    else if (scaledB) [b, alpha] = [scaledB.value, alpha * scaledB.factor];
    else break;
  }
  alpha = Math.fround(alpha);
  const changed = a !== product.a || b !== product.b;
  return changed && isSafeFactor(alpha) ? { ...product, a, b, transA, transB, alpha } : product;
}

/** A value times a number. */
export interface Scaled {
  readonly value: Value;
  readonly factor: number;
}

/**
 * The output of `node` as a multiple of another value of its shape by a constant, if that may be
 * computed in another order.
 */
export function asScaled(node: Node | null): Scaled | null {
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
export function isSafeFactor(factor: number): boolean {
  return Math.abs(factor) <= 2 ** 40 && Math.abs(factor) >= 2 ** -40;
}

/** What `value` is with its last two dimensions swapped, if it is a transpose that does just that. */
function withoutTranspose(value: Value, rewriter: Rewriter): Value | null {
  const node = rewriter.madeBy(value, "Transpose");
  const source = node?.inputs[0];
  if (!node || !source) return null;
  const perm = permutation(node);
  const last = perm.length - 1;
  const swaps = perm.every((axis, i) => axis === (i < last - 1 ? i : 2 * last - 1 - i));
  return swaps ? source : null;
}

function isProductOp({ op, domain }: Node): boolean {
  return domain === "" ? op === "MatMul" || op === "Gemm" : op === "FusedMatMul";
}

function number({ attributes }: Node, name: string, fallback: number): number {
  const attribute = attributes[name];
  if (attribute === undefined) return fallback;
  if ("int" in attribute) return attribute.int;
  return "float" in attribute ? attribute.float : fallback;
}
