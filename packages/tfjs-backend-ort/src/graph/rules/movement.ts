/** Rules of operators that move elements without computing anything. */
import { sizeOf } from "../dtypes.ts";
import type { ValueSpec } from "../graph.ts";
import type { NodeView, RuleTable } from "./node-view.ts";

type Specs = readonly (ValueSpec | null)[];

function reshape(node: NodeView): Specs {
  node.arity(2);
  const x = node.input(0);
  const size = sizeOf(x.shape);
  const target = node.integers(1);
  node.ranked(node.input(1), 1);
  if (target === null) return [null];
  const copies = node.int("allowzero", 0) === 0;
  const shape = target.map((dim, i) => (dim === 0 && copies ? (x.shape[i] ?? -2) : dim));
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const known = -sizeOf(shape);
    shape[open] = known === 0 ? 0 : size / known;
  }
  if (sizeOf(shape) !== size || !shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    node.fail(`a shape of ${size} elements`, `[${target}]`);
  }
  return [{ shape, dtype: x.dtype }];
}

function transpose(node: NodeView): Specs {
  node.arity(1);
  const { shape, dtype } = node.input(0);
  const perm = node.ints("perm") ?? shape.map((_, i) => shape.length - 1 - i);
  const axes = new Set(perm);
  if (perm.length !== shape.length || !shape.every((_, i) => axes.has(i))) {
    node.fail(`perm to order the axes 0 to ${shape.length - 1}`, `[${perm}]`);
  }
  return [{ shape: perm.map((axis) => shape[axis] as number), dtype }];
}

function expand(node: NodeView): Specs {
  node.arity(2);
  const x = node.input(0);
  const target = node.integers(1);
  node.ranked(node.input(1), 1);
  if (target === null) return [null];
  if (target.some((dim) => dim < 0)) node.fail("a shape without negatives", `[${target}]`);
  return [{ shape: node.broadcast(x.shape, target), dtype: x.dtype }];
}

function unsqueeze(node: NodeView): Specs {
  node.arity(2);
  const { shape, dtype } = node.input(0);
  const axes = node.integers(1);
  if (axes === null) return [null];
  const added = node.normalizeAll(axes, shape.length + axes.length);
  let next = 0;
  const result = Array.from({ length: shape.length + axes.length }, (_, i) =>
    added.has(i) ? 1 : (shape[next++] as number),
  );
  return [{ shape: result, dtype }];
}

function squeeze(node: NodeView): Specs {
  node.arity(1, 2);
  const { shape, dtype } = node.input(0);
  if (node.optional(1) === null) return [{ shape: shape.filter((dim) => dim !== 1), dtype }];
  const axes = node.integers(1);
  if (axes === null) return [null];
  const dropped = node.normalizeAll(axes, shape.length);
  for (const axis of dropped) {
    if (shape[axis] !== 1) node.fail(`dimension ${axis} to be 1`, `${shape[axis]}`);
  }
  return [{ shape: shape.filter((_, i) => !dropped.has(i)), dtype }];
}

function flatten(node: NodeView): Specs {
  node.arity(1);
  const { shape, dtype } = node.input(0);
  const axis = node.int("axis", 1);
  const from = axis === shape.length ? axis : node.normalize(axis, shape.length);
  return [{ shape: [sizeOf(shape.slice(0, from)), sizeOf(shape.slice(from))], dtype }];
}

function concat(node: NodeView): Specs {
  const values = node.all();
  const dtype = node.commonType(values);
  const first = node.input(0).shape;
  const axis = node.normalize(node.int("axis"), first.length);
  const shape = [...first];
  shape[axis] = 0;
  for (const value of values) {
    node.ranked(value, first.length);
    value.shape.forEach((dim, i) => {
      if (i === axis) shape[axis] = (shape[axis] as number) + dim;
      else if (dim !== first[i]) {
        node.fail(`shapes equal outside axis ${axis}`, `[${first}] and [${value.shape}]`);
      }
    });
  }
  return [{ shape, dtype }];
}

/** A wrong number or sum of sizes ends the process instead of being an error. */
function split(node: NodeView): Specs {
  node.arity(1, 2);
  const { shape, dtype } = node.input(0);
  const axis = node.normalize(node.int("axis", 0), shape.length);
  const dim = shape[axis] as number;
  const count = node.node.outputs.length;
  const even = Math.ceil(dim / count);
  const sizes =
    node.optional(1) === null
      ? Array.from({ length: count }, (_, i) => Math.max(0, Math.min(even, dim - i * even)))
      : node.integers(1);
  if (node.optional(1) === null) {
    if (node.int("num_outputs") !== count) {
      node.fail(`num_outputs ${count}`, `${node.int("num_outputs")}`);
    }
  } else if (node.has("num_outputs")) {
    node.fail("either sizes or num_outputs", "both");
  }
  if (sizes === null) return node.fail("constant sizes", "computed ones");
  if (sizes.length !== count) node.fail(`${sizes.length} outputs`, `${count}`);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== dim || sizes.some((size) => size < 0)) {
    node.fail(`sizes that add up to ${dim}`, `[${sizes}]`);
  }
  return sizes.map((size) => ({ shape: shape.with(axis, size), dtype }));
}

function slice(node: NodeView): Specs {
  node.arity(3, 5);
  const { shape, dtype } = node.input(0);
  const starts = node.integers(1, "int64", "int32");
  const ends = node.integers(2, "int64", "int32");
  const axes =
    node.optional(3) === null
      ? (starts?.map((_, i) => i) ?? null)
      : node.integers(3, "int64", "int32");
  const steps =
    node.optional(4) === null ? (starts?.map(() => 1) ?? null) : node.integers(4, "int64", "int32");
  if (starts === null || ends === null || axes === null || steps === null) return [null];
  const lengths = [ends.length, axes.length, steps.length];
  if (lengths.some((length) => length !== starts.length)) {
    node.fail(`${starts.length} ends, axes and steps`, lengths.join(", "));
  }
  node.normalizeAll(axes, shape.length);
  const result = [...shape];
  axes.forEach((given, i) => {
    const axis = node.normalize(given, shape.length);
    const step = steps[i] as number;
    if (step === 0) node.fail("steps other than 0", `[${steps}]`);
    const dim = shape[axis] as number;
    result[axis] = slicedLength(dim, starts[i] as number, ends[i] as number, step);
  });
  return [{ shape: result, dtype }];
}

/** Bounds count from the end when negative and are cut to what exists. */
function slicedLength(dim: number, start: number, end: number, step: number): number {
  const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1];
  const bound = (at: number) => Math.min(Math.max(at < 0 ? at + dim : at, low), high);
  const first = Math.min(Math.max(start < 0 ? start + dim : start, 0), step > 0 ? dim : dim - 1);
  return Math.max(0, Math.ceil((bound(end) - first) / step));
}

function pad(node: NodeView): Specs {
  node.arity(2, 4);
  const x = node.input(0);
  const rank = x.shape.length;
  const pads = node.integers(1);
  const value = node.optional(2);
  if (value !== null) {
    node.typed(value, x.dtype);
    if (sizeOf(value.shape) !== 1) node.fail("a scalar to pad with", `[${value.shape}]`);
  }
  const axes =
    node.optional(3) === null ? x.shape.map((_, i) => i) : node.integers(3, "int64", "int32");
  if (pads === null || axes === null) return [null];
  node.normalizeAll(axes, rank);
  if (pads.length !== 2 * axes.length) node.fail(`${2 * axes.length} pads`, `${pads.length}`);
  const mode = node.string("mode", "constant");
  const shape = [...x.shape];
  axes.forEach((given, i) => {
    const axis = node.normalize(given, rank);
    const dim = shape[axis] as number;
    const [before, after] = [pads[i] as number, pads[axes.length + i] as number];
    // What is copied into the border must exist.
    const most = mode === "reflect" ? dim - 1 : dim === 0 && mode !== "constant" ? 0 : Infinity;
    if (Math.max(before, after) > most) node.fail(`at most ${most} pads by ${mode}`, `[${pads}]`);
    shape[axis] = dim + before + after;
    if ((shape[axis] as number) < 0) node.fail("pads that leave something", `[${pads}]`);
  });
  return [{ shape, dtype: x.dtype }];
}

function tile(node: NodeView): Specs {
  node.arity(2);
  const { shape, dtype } = node.input(0);
  const repeats = node.integers(1);
  if (repeats === null) return [null];
  if (repeats.length !== shape.length || repeats.some((count) => count < 0)) {
    node.fail(`${shape.length} counts of at least 0`, `[${repeats}]`);
  }
  return [{ shape: shape.map((dim, i) => dim * (repeats[i] as number)), dtype }];
}

function constantOfShape(node: NodeView): Specs {
  node.arity(1);
  const shape = node.integers(0);
  if (shape?.some((dim) => dim < 0)) node.fail("a shape without negatives", `[${shape}]`);
  return [shape === null ? null : { shape, dtype: "float32" }];
}

function trilu(node: NodeView): Specs {
  node.arity(1, 2);
  const x = node.input(0);
  if (x.shape.length < 2) node.fail("at least 2 dimensions", `${x.shape.length}`);
  if (node.optional(1) !== null) node.integers(1);
  return [x];
}

/** Rules of the standard. */
export const MOVEMENT_RULES: RuleTable = {
  Reshape: reshape,
  Transpose: transpose,
  Expand: expand,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Flatten: flatten,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Tile: tile,
  ConstantOfShape: constantOfShape,
  Trilu: trilu,
};
