/** Rules of operators that read or write at places given by data, or find such places. */
import { sameShape, sizeOf } from "../dtypes.ts";
import type { Value, ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

type Specs = readonly (ValueSpec | null)[];

/** Checks constant indices against `[-dim, dim)`; those that are computed fail at run time. */
function bounded(node: NodeView, indices: Value, dim: number): void {
  const { data } = indices;
  if (data === undefined) return;
  for (const index of data) {
    if (index < -dim || index >= dim) node.fail(`indices in [${-dim}, ${dim})`, `${index}`);
  }
}

function gather(node: NodeView): Specs {
  node.arity(2);
  const [x, indices] = [node.input(0), node.input(1)];
  node.typed(indices, "int32", "int64");
  const axis = node.normalize(node.int("axis", 0), x.shape.length);
  bounded(node, indices, x.shape[axis] as number);
  return [
    {
      shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
      dtype: x.dtype,
    },
  ];
}

/** Indices of one rank with the data, that stay within it except along the axis they index. */
function alongAxis(node: NodeView, x: Value, indices: Value): void {
  node.typed(indices, "int32", "int64");
  node.ranked(indices, x.shape.length);
  const axis = node.normalize(node.int("axis", 0), x.shape.length);
  indices.shape.forEach((dim, i) => {
    const most = x.shape[i] as number;
    if (i !== axis && dim > most) {
      node.fail(`indices within [${x.shape}] except in axis ${axis}`, `[${indices.shape}]`);
    }
  });
  bounded(node, indices, x.shape[axis] as number);
}

function gatherElements(node: NodeView): Specs {
  node.arity(2);
  const [x, indices] = [node.input(0), node.input(1)];
  alongAxis(node, x, indices);
  return [{ shape: indices.shape, dtype: x.dtype }];
}

function scatterElements(node: NodeView): Specs {
  node.arity(3);
  const [x, indices, updates] = [node.input(0), node.input(1), node.input(2)];
  alongAxis(node, x, indices);
  node.typed(updates, x.dtype);
  if (!sameShape(updates.shape, indices.shape)) {
    node.fail(`updates of shape [${indices.shape}]`, `[${updates.shape}]`);
  }
  return [x];
}

/** Length of the index tuples in the last dimension, at most `rank`. */
function tupleLength(node: NodeView, indices: Value, rank: number): number {
  node.typed(indices, "int64");
  const length = indices.shape.at(-1);
  if (length === undefined || length < 1 || length > rank) {
    return node.fail(`index tuples of length 1 to ${rank}`, `${length}`);
  }
  return length;
}

/** Checks constant tuples against the dimensions they index. */
function boundedTuples(node: NodeView, indices: Value, dims: readonly number[]): void {
  indices.data?.forEach((index: number | bigint, i: number) => {
    const dim = dims[i % dims.length] as number;
    if (index < -dim || index >= dim) node.fail(`indices within [${dims}]`, `${index}`);
  });
}

function gatherND(node: NodeView): Specs {
  node.arity(2);
  const [x, indices] = [node.input(0), node.input(1)];
  const batch = node.int("batch_dims", 0);
  if (batch < 0 || batch >= Math.min(x.shape.length, indices.shape.length)) {
    node.fail("batch_dims below both ranks", `${batch}`);
  }
  if (!sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch))) {
    node.fail(`${batch} equal leading dimensions`, `[${x.shape}] and [${indices.shape}]`);
  }
  const length = tupleLength(node, indices, x.shape.length - batch);
  boundedTuples(node, indices, x.shape.slice(batch, batch + length));
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(batch + length)];
  return [{ shape, dtype: x.dtype }];
}

function scatterND(node: NodeView): Specs {
  node.arity(3);
  const [x, indices, updates] = [node.input(0), node.input(1), node.input(2)];
  const length = tupleLength(node, indices, x.shape.length);
  boundedTuples(node, indices, x.shape.slice(0, length));
  node.typed(updates, x.dtype);
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(length)];
  if (!sameShape(updates.shape, shape)) {
    node.fail(`updates of shape [${shape}]`, `[${updates.shape}]`);
  }
  return [x];
}

function oneHot(node: NodeView): Specs {
  node.arity(3);
  const [indices, depth, values] = [node.input(0), node.input(1), node.input(2)];
  if (sizeOf(depth.shape) !== 1) node.fail("one depth", `[${depth.shape}]`);
  if (!sameShape(values.shape, [2])) node.fail("an off and an on value", `[${values.shape}]`);
  const axis = node.normalize(node.int("axis", -1), indices.shape.length + 1);
  const count = depth.data?.[0];
  if (count === undefined) return [null];
  if (count < 1) node.fail("a depth of at least 1", `${count}`);
  return [{ shape: indices.shape.toSpliced(axis, 0, Number(count)), dtype: values.dtype }];
}

function topK(node: NodeView): Specs {
  node.arity(2);
  const { shape, dtype } = node.input(0);
  const axis = node.normalize(node.int("axis", -1), shape.length);
  const [count] = node.integers(1) ?? [];
  if (count === undefined) return [null, null];
  const dim = shape[axis] as number;
  if (count < 0 || count > dim) node.fail(`k of 0 to ${dim}`, `${count}`);
  const result = shape.with(axis, count);
  return [
    { shape: result, dtype },
    { shape: result, dtype: "int64" },
  ];
}

function argReduce(node: NodeView): Specs {
  node.arity(1);
  const { shape } = node.input(0);
  const axis = node.normalize(node.int("axis", 0), shape.length);
  if (shape[axis] === 0) node.fail("something to choose from", `[${shape}] along ${axis}`);
  const keep = node.int("keepdims", 1) !== 0;
  return [{ shape: keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1), dtype: "int64" }];
}

function reverseSequence(node: NodeView): Specs {
  node.arity(2);
  const [x, lengths] = [node.input(0), node.input(1)];
  node.typed(lengths, "int64");
  const [time, batch] = [node.int("time_axis", 0), node.int("batch_axis", 1)];
  if (time + batch !== 1 || time * batch !== 0) node.fail("axes 0 and 1", `${time} and ${batch}`);
  if (x.shape.length < 2 || !sameShape(lengths.shape, [x.shape[batch] as number])) {
    node.fail(`a length for each of ${x.shape[batch]} rows`, `[${lengths.shape}]`);
  }
  const most = x.shape[time] as number;
  for (const length of lengths.data ?? []) {
    if (length < 0 || length > most) node.fail(`lengths of 0 to ${most}`, `${length}`);
  }
  return [x];
}

/** Rules of the standard. */
export const INDEXING_RULES: RuleTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  TopK: topK,
  ArgMax: argReduce,
  ArgMin: argReduce,
  ReverseSequence: reverseSequence,
};
