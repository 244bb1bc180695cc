/**
 * Values with all elements equal. tfjs materialises what `ones`, `zeros` and `fill` make, so traces
 * are full of large constants that say one number; and gradients broadcast scalars just to multiply
 * with them.
 */
import { type HostArray, sameShape, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import { BROADCAST_OPS, UNARY_OPS } from "../graph/rules/elementwise.ts";
import { type Rewriter, rewrite } from "./rewrite.ts";

/** Constants with fewer elements are kept as they are. */
export const MIN_UNIFORM_ELEMENTS = 17;

/**
 * Stores uniform constants as an expanded scalar, lets elementwise operators read what was expanded
 * instead of the expansion, and moves expansions behind operators, where they are dropped or cheaper.
 */
export function simplifyUniform(graph: Graph): Graph {
  return rewrite(graph, simplifyNode, (constant, rewriter) => {
    const { data, shape, dtype } = constant;
    if (data === undefined || data.length < MIN_UNIFORM_ELEMENTS || !isUniform(data)) return null;
    const scalar = rewriter.graph.constant(data.slice(0, 1), [], dtype);
    return expandTo(scalar, shape, rewriter);
  });
}

/** Whether all elements have the same bits, so that -0 differs from 0. */
export function isUniform({
  buffer,
  byteOffset,
  byteLength,
  BYTES_PER_ELEMENT,
}: HostArray): boolean {
  // All elements are equal if each equals the next; comparing memory with itself, one element
  // further, takes milliseconds where a loop takes tens of them.
  const length = Math.max(0, byteLength - BYTES_PER_ELEMENT);
  const all = Buffer.from(buffer, byteOffset, length);
  return all.equals(Buffer.from(buffer, byteOffset + byteLength - length, length));
}

function simplifyNode(node: Node, rewriter: Rewriter): Value | null {
  const { op, domain, outputs } = node;
  const [output] = outputs;
  if (domain !== "" || output === undefined) return null;
  if (BROADCAST_OPS.has(op)) {
    return expandAfter(node, output, rewriter) ?? readUnexpanded(node, output, rewriter);
  }
  if (UNARY_OPS.has(op) || op === "Cast" || op === "Not") {
    return expandAfter(node, output, rewriter);
  }
  if (op === "Reshape" || op === "Transpose") {
    const scalar = unexpanded(node.inputs[0], rewriter);
    if (scalar === null || sizeOf(scalar.shape) !== 1) return null;
    return expandTo(asScalar(scalar, rewriter), output.shape, rewriter);
  }
  return null;
}

/** What `value` is an expansion of. */
function unexpanded(value: Value | null | undefined, rewriter: Rewriter): Value | null {
  return rewriter.madeBy(value, "Expand")?.inputs[0] ?? null;
}

/** op(Expand(a), Expand(b)) = Expand(op(a, b)), if that is less work. */
function expandAfter(node: Node, output: Value, rewriter: Rewriter): Value | null {
  const sources = node.inputs.map((value) => unexpanded(value, rewriter) ?? value);
  if (sources.every((value, i) => value === node.inputs[i])) return null;
  const shape = broadcast(sources.map((value) => value?.shape ?? []));
  if (sizeOf(shape) >= sizeOf(output.shape)) return null;
  const { op, attributes } = node;
  const small = rewriter.node(op, sources, { shape, dtype: output.dtype }, attributes);
  return expandTo(small, output.shape, rewriter);
}

/** op(x, Expand(a)) = op(x, a), if x alone gives the output its shape. */
function readUnexpanded(node: Node, output: Value, rewriter: Rewriter): Value | null {
  const inputs = [...node.inputs];
  let changed = false;
  node.inputs.forEach((value, i) => {
    const source = unexpanded(value, rewriter);
    if (source === null) return;
    const shapes = inputs.map((other, k) => (k === i ? source : other)?.shape ?? []);
    if (!sameShape(broadcast(shapes), output.shape)) return;
    inputs[i] = source;
    changed = true;
  });
  return changed ? rewriter.node(node.op, inputs, output, node.attributes) : null;
}

function asScalar(value: Value, rewriter: Rewriter): Value {
  const { data, dtype, shape } = value;
  if (shape.length === 0) return value;
  if (data) return rewriter.graph.constant(data, [], dtype);
  return rewriter.node("Reshape", [value, rewriter.graph.ints([])], { shape: [], dtype });
}

function expandTo(value: Value, shape: readonly number[], rewriter: Rewriter): Value {
  const inputs = [value, rewriter.graph.ints(shape)];
  return rewriter.node("Expand", inputs, { shape, dtype: value.dtype });
}

/** Shape that `shapes` broadcast to; verified graphs hold none that do not. */
function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    for (const shape of shapes) {
      const dim = shape[shape.length - rank + i];
      if (dim !== undefined && dim !== 1) return dim;
    }
    return 1;
  });
}
