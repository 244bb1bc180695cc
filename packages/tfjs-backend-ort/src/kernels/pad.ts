/** Kernels that add a border, and the two that trade space for batch with one. */
import {
  type BatchToSpaceNDAttrs,
  type BatchToSpaceNDInputs,
  backend_util,
  type MirrorPadAttrs,
  type MirrorPadInputs,
  type PadV2Attrs,
  type PadV2Inputs,
  type SpaceToBatchNDAttrs,
  type SpaceToBatchNDInputs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { emptyOf, filled, isEmpty, reshapeTo, transposeTo } from "./shape.ts";
import { sliceTo } from "./slice.ts";

/** Elements added before and after, per axis. */
type Paddings = readonly (readonly [number, number])[];

/** `value` surrounded by `fill`. */
export function padWith(graph: Graph, value: Value, paddings: Paddings, fill: number): Value {
  const { dtype } = value;
  const shape = value.shape.map((dim, i) => dim + before(paddings, i) + after(paddings, i));
  if (isEmpty(value) || sizeOf(shape) === 0) return filled(graph, fill, shape, dtype);
  if (paddings.every(([start, end]) => start === 0 && end === 0)) return value;
  const amounts = [...paddings.map(([start]) => start), ...paddings.map(([, end]) => end)];
  const inputs = [value, graph.ints(amounts), graph.scalar(fill, dtype)];
  return graph.node("Pad", inputs, { shape, dtype });
}

/** Handlers of the kernels that pad. */
export const PAD: HandlerTable = {
  PadV2: handler<keyof PadV2Inputs, PadV2Attrs>((graph, { x }, { paddings, constantValue }) =>
    padWith(graph, x, paddings, constantValue),
  ),

  // One Gather per padded axis: ONNX has no padding that repeats the edge element once.
  MirrorPad: handler<keyof MirrorPadInputs, MirrorPadAttrs>((graph, { x }, { paddings, mode }) => {
    const skipEdge = mode === "reflect" ? 1 : 0;
    return paddings.reduce((value, [start, end], axis) => {
      if (start === 0 && end === 0) return value;
      const positions = mirrored(value.shape[axis] as number, start, end, skipEdge);
      const shape = value.shape.map((dim, i) => (i === axis ? positions.length : dim));
      if (sizeOf(shape) === 0) return emptyOf(graph, shape, value.dtype);
      const indices = graph.constant(positions, [positions.length], "int32");
      const attributes = { axis: { int: axis } };
      return graph.node("Gather", [value, indices], { shape, dtype: value.dtype }, attributes);
    }, x);
  }),

  SpaceToBatchND: handler<keyof SpaceToBatchNDInputs, SpaceToBatchNDAttrs>(
    (graph, { x }, { blockShape, paddings }) => {
      const blocks = sizeOf(blockShape);
      const rest = x.shape.slice(1 + blockShape.length).map((): [number, number] => [0, 0]);
      const padded = padWith(graph, x, [[0, 0], ...(paddings as [number, number][]), ...rest], 0);
      const shape = [...padded.shape];
      const split = backend_util.getReshaped(shape, blockShape, blocks, false);
      const perm = backend_util.getPermuted(split.length, blockShape.length, false);
      const joined = backend_util.getReshapedPermuted(shape, blockShape, blocks, false);
      const moved = transposeTo(graph, reshapeTo(graph, padded, split), perm);
      return reshapeTo(graph, moved, joined);
    },
  ),

  BatchToSpaceND: handler<keyof BatchToSpaceNDInputs, BatchToSpaceNDAttrs>(
    (graph, { x }, { blockShape, crops }) => {
      const blocks = sizeOf(blockShape);
      const shape = [...x.shape];
      const split = backend_util.getReshaped(shape, blockShape, blocks);
      const perm = backend_util.getPermuted(split.length, blockShape.length);
      const joined = backend_util.getReshapedPermuted(shape, blockShape, blocks);
      const begin = backend_util.getSliceBeginCoords(crops, blockShape.length);
      const size = backend_util.getSliceSize(joined, crops, blockShape.length);
      const moved = transposeTo(graph, reshapeTo(graph, x, split), perm);
      return sliceTo(graph, reshapeTo(graph, moved, joined), begin, size);
    },
  ),
};

function before(paddings: Paddings, axis: number): number {
  return paddings[axis]?.[0] ?? 0;
}

function after(paddings: Paddings, axis: number): number {
  return paddings[axis]?.[1] ?? 0;
}

/** Positions in an axis of `dim` elements that a mirrored border of `start` and `end` shows. */
function mirrored(dim: number, start: number, end: number, skipEdge: number): Int32Array {
  return Int32Array.from({ length: start + dim + end }, (_, i) => {
    const position = i - start;
    if (position < 0) return -position - 1 + skipEdge;
    if (position >= dim) return 2 * dim - position - 1 - skipEdge;
    return position;
  });
}
