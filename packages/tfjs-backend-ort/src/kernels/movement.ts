/** Kernels that rearrange, join and repeat elements without computing anything. */
import {
  backend_util,
  type ConcatAttrs,
  type DepthToSpaceAttrs,
  type DepthToSpaceInputs,
  type ExpandDimsAttrs,
  type ExpandDimsInputs,
  type PackAttrs,
  type ReshapeAttrs,
  type ReshapeInputs,
  type TileAttrs,
  type TileInputs,
  type TransposeAttrs,
  type TransposeInputs,
  util,
} from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { type HandlerTable, handler, listHandler } from "./kernel.ts";
import {
  castTo,
  emptyOf,
  expandTo,
  isEmpty,
  normalizeAxis,
  reshapeTo,
  transposeTo,
} from "./shape.ts";

/** Joins `values`, of one element type, along `axis` counted from the front. */
function concatAlong(graph: Graph, values: readonly Value[], axis: number): Value {
  const shape = backend_util.computeOutShape(
    values.map((value) => [...value.shape]),
    axis,
  );
  const { dtype } = values[0] as Value;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  const filled = values.filter((value) => !isEmpty(value));
  if (filled.length === 1) return filled[0] as Value;
  return graph.node("Concat", filled, { shape, dtype }, { axis: { int: axis } });
}

/** Handlers of the kernels that move elements. */
export const MOVEMENT: HandlerTable = {
  Reshape: handler<keyof ReshapeInputs, ReshapeAttrs>((graph, { x }, { shape }) => {
    const size = sizeOf(x.shape);
    const inferred = util.inferFromImplicitShape(shape, size);
    util.assert(
      sizeOf(inferred) === size,
      () => `Reshape: expected a shape of ${size} elements, got [${inferred}] for [${x.shape}].`,
    );
    return reshapeTo(graph, x, inferred);
  }),

  ExpandDims: handler<keyof ExpandDimsInputs, ExpandDimsAttrs>((graph, { input }, { dim }) => {
    const shape = [...input.shape];
    shape.splice(normalizeAxis(dim, shape.length + 1), 0, 1);
    return reshapeTo(graph, input, shape);
  }),

  Transpose: handler<keyof TransposeInputs, TransposeAttrs>((graph, { x }, { perm }) =>
    transposeTo(graph, x, perm),
  ),

  Concat: listHandler<ConcatAttrs>((graph, values, { axis }) => {
    const along = normalizeAxis(axis, values[0]?.shape.length ?? 0);
    backend_util.assertParamsConsistent(
      values.map((value) => [...value.shape]),
      along,
    );
    // As the cpu kernel: the first input decides on the type, unless only one has elements.
    const filled = values.filter((value) => !isEmpty(value));
    const { dtype } = (filled.length === 1 ? filled[0] : values[0]) as Value;
    const sameType = values.map((value) => castTo(graph, value, dtype));
    return concatAlong(graph, sameType, along);
  }),

  Pack: listHandler<PackAttrs>((graph, values, { axis }) => {
    const first = values[0] as Value;
    const along = normalizeAxis(axis, first.shape.length + 1);
    const expanded = values.map((value) => {
      util.assertShapesMatch([...first.shape], [...value.shape], "Pack: ");
      const shape = [...value.shape];
      shape.splice(along, 0, 1);
      return reshapeTo(graph, value, shape);
    });
    return concatAlong(graph, expanded, along);
  }),

  Tile: handler<keyof TileInputs, TileAttrs>((graph, { x }, { reps }) => {
    const shape = x.shape.map((dim, i) => dim * (reps[i] as number));
    // Expand broadcasts without moving whole rows; it can only repeat dimensions of length 1.
    if (x.shape.every((dim, i) => dim === 1 || reps[i] === 1)) return expandTo(graph, x, shape);
    if (sizeOf(shape) === 0) return emptyOf(graph, shape, x.dtype);
    return graph.node("Tile", [x, graph.ints(reps)], { shape, dtype: x.dtype });
  }),

  DepthToSpace: handler<keyof DepthToSpaceInputs, DepthToSpaceAttrs>(
    (graph, { x }, { blockSize, dataFormat }) => {
      if (dataFormat !== "NHWC") {
        throw new UnsupportedKernelError(
          `DepthToSpace: expected dataFormat NHWC, got ${dataFormat}. Transpose to NHWC first.`,
        );
      }
      const [batch, height, width, channels] = x.shape as [number, number, number, number];
      const depth = channels / (blockSize * blockSize);
      const blocks = reshapeTo(graph, x, [batch, height, width, blockSize, blockSize, depth]);
      const interleaved = transposeTo(graph, blocks, [0, 1, 3, 2, 4, 5]);
      return reshapeTo(graph, interleaved, [batch, height * blockSize, width * blockSize, depth]);
    },
  ),
};
