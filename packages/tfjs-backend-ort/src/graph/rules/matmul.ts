/** Rules of matrix products. */
import { sameShape } from "../dtypes.ts";
import type { Value, ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

function inner(node: NodeView, left: number | undefined, right: number | undefined): void {
  if (left !== right) node.fail("equal inner dimensions", `${left} and ${right}`);
}

function matMul(node: NodeView): ValueSpec[] {
  node.arity(2);
  const [a, b] = [node.input(0), node.input(1)];
  const dtype = node.commonType([a, b]);
  if (a.shape.length === 0 || b.shape.length === 0) node.fail("no scalars", "one");
  // A vector is a row on the left and a column on the right, and its other dimension vanishes.
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  inner(node, left.at(-1), right.at(-2));
  const shape = node.broadcast(left.slice(0, -2), right.slice(0, -2));
  if (a.shape.length > 1) shape.push(left.at(-2) as number);
  if (b.shape.length > 1) shape.push(right.at(-1) as number);
  return [{ shape, dtype }];
}

function gemm(node: NodeView): ValueSpec[] {
  node.arity(2, 3);
  const [a, b, c] = [node.input(0), node.input(1), node.optional(2)];
  const dtype = node.commonType(c === null ? [a, b] : [a, b, c]);
  node.ranked(a, 2);
  node.ranked(b, 2);
  const [rows, depth] = swapIf(a.shape, node.int("transA", 0) !== 0);
  const [height, columns] = swapIf(b.shape, node.int("transB", 0) !== 0);
  inner(node, depth, height);
  const shape = [rows as number, columns as number];
  if (c !== null && !sameShape(node.broadcast(c.shape, shape), shape)) {
    node.fail(`a summand that broadcasts to [${shape}]`, `[${c.shape}]`);
  }
  return [{ shape, dtype }];
}

function fusedMatMul(node: NodeView): ValueSpec[] {
  node.arity(2);
  const [a, b] = [node.input(0), node.input(1)];
  const dtype = node.commonType([a, b]);
  const left = operand(node, a, "A");
  const right = operand(node, b, "B");
  inner(node, left.at(-1), right.at(-2));
  const shape = node.broadcast(left.slice(0, -2), right.slice(0, -2));
  return [{ shape: [...shape, left.at(-2) as number, right.at(-1) as number], dtype }];
}

/** Shape of an operand after its transpositions: batch first (first axis behind them), then matrix. */
function operand(node: NodeView, { name, shape }: Value, side: "A" | "B"): readonly number[] {
  if (shape.length < 2) node.fail(`${name} to be a matrix at least`, `[${shape}]`);
  const moved =
    node.int(`transBatch${side}`, 0) === 0
      ? shape
      : [...shape.slice(1, -1), shape[0] as number, shape.at(-1) as number];
  const matrix = swapIf(moved.slice(-2), node.int(`trans${side}`, 0) !== 0);
  return [...moved.slice(0, -2), ...matrix];
}

function swapIf(matrix: readonly number[], transpose: boolean): readonly number[] {
  return transpose ? matrix.toReversed() : matrix;
}

/** Rules of the standard. */
export const MATMUL_RULES: RuleTable = { MatMul: matMul, Gemm: gemm };

/** Rules of ONNX Runtime's own operators. */
export const MATMUL_CONTRIB_RULES: RuleTable = { FusedMatMul: fusedMatMul };
