/** Rules of operators that combine elements along axes. */
import { sameShape } from "../dtypes.ts";
import type { ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

type Specs = readonly (ValueSpec | null)[];

function reduce(node: NodeView): Specs {
  node.arity(1, 2);
  const { shape, dtype } = node.input(0);
  const axes = node.optional(1) === null ? [] : node.integers(1);
  if (axes === null) return [null];
  if (axes.length === 0 && node.int("noop_with_empty_axes", 0) !== 0) return [{ shape, dtype }];
  const reduced = node.normalizeAll(
    axes.length === 0 ? shape.map((_, i) => i) : axes,
    shape.length,
  );
  const keep = node.int("keepdims", 1) !== 0;
  const result = shape.flatMap((dim, i) => (reduced.has(i) ? (keep ? [1] : []) : [dim]));
  return [{ shape: result, dtype }];
}

function softmax(node: NodeView): Specs {
  node.arity(1);
  const x = node.input(0);
  node.normalize(node.int("axis", -1), x.shape.length);
  return [x];
}

function cumSum(node: NodeView): Specs {
  node.arity(2);
  const x = node.input(0);
  const axes = node.integers(1, "int32", "int64");
  if (axes !== null) {
    if (axes.length !== 1) node.fail("one axis", `${axes.length}`);
    node.normalizeAll(axes, x.shape.length);
  }
  return [x];
}

/** Also writes the mean and the inverse deviation, for gradients. */
function layerNormalization(node: NodeView): Specs {
  node.arity(2, 3);
  const x = node.input(0);
  const axis = node.normalize(node.int("axis", -1), x.shape.length);
  for (const weights of [node.input(1), node.optional(2)]) {
    if (weights === null) continue;
    node.typed(weights, x.dtype);
    if (!sameShape(weights.shape, x.shape.slice(axis))) {
      node.fail(`weights of shape [${x.shape.slice(axis)}]`, `[${weights.shape}]`);
    }
  }
  const statistics: ValueSpec = {
    shape: x.shape.map((dim, i) => (i < axis ? dim : 1)),
    dtype: "float32",
  };
  return [x, statistics, statistics].slice(0, node.node.outputs.length);
}

const REDUCE_OPS = [
  ...["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"],
  ...["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"],
];

/** Rules of the standard. */
export const REDUCTION_RULES: RuleTable = {
  ...Object.fromEntries(REDUCE_OPS.map((op) => [op, reduce])),
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  CumSum: cumSum,
  LayerNormalization: layerNormalization,
};
