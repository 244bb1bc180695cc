/**
 * Kernels that write or add rows at indices that are values of the graph. All of them end in
 * ONNX' ScatterElements: ONNX Runtime's ScatterND splits its updates over threads without regard
 * for repeated indices, so sums lose terms and of two writes either may win. ScatterElements runs
 * on one thread, in order, and so gives the same result every time.
 */
import {
  backend_util,
  type ScatterNdAttrs,
  type ScatterNdInputs,
  type SparseToDenseAttrs,
  type SparseToDenseInputs,
  type TensorScatterUpdateInputs,
  type UnsortedSegmentSumAttrs,
  type UnsortedSegmentSumInputs,
} from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine } from "./elementwise.ts";
import { rowsOfTuples } from "./flat-indices.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, emptyOf, expandTo, filled, isEmpty, reshapeTo, where } from "./shape.ts";
import { shapeOnly } from "./tensor-info.ts";

/** What happens to updates of the same row: they add up, or the last one stays. */
type Reduction = "add" | "none";

/**
 * `base` with `updates` written or added at `rows`. Goes by single elements: over one dimension
 * ONNX Runtime scatters several times faster, and in place, than over rows of two.
 * @param base `[count, slice]`
 * @param rows int64 `[n]` in `[0, count)`
 * @param updates `[n, slice]`, same type as `base`
 */
function scatterRows(
  graph: Graph,
  base: Value,
  rows: Value,
  updates: Value,
  reduction: Reduction,
): Value {
  if (isEmpty(updates)) return base;
  const [n, slice] = updates.shape as [number, number];
  const offsets = BigInt64Array.from({ length: slice }, (_, i) => BigInt(i));
  const starts = combine(graph, "Mul", rows, graph.scalar(slice, "int64"));
  const elements = combine(
    graph,
    "Add",
    reshapeTo(graph, starts, [n, 1]),
    graph.constant(offsets, [1, slice], "int64"),
  );
  const [target, positions, values] = [base, elements, updates].map((value) =>
    reshapeTo(graph, value, [sizeOf(value.shape)]),
  ) as [Value, Value, Value];
  const result = graph.node("ScatterElements", [target, positions, values], target, {
    axis: { int: 0 },
    reduction: { string: reduction },
  });
  return reshapeTo(graph, result, base.shape);
}

/**
 * Scatters slices into `base` at index tuples, as the cpu kernels do.
 * @param indices int32 `[..., depth]`, or `[n]` for `depth` 1
 * @param updates one slice per tuple, or a scalar for all of them
 */
function scatterTuples(
  graph: Graph,
  base: Value,
  indices: Value,
  updates: Value,
  reduction: Reduction,
  kernel: string,
): Value {
  const { sliceRank, sliceSize, numUpdates } = backend_util.calculateShapes(
    shapeOnly(updates),
    shapeOnly(indices),
    [...base.shape],
  );
  if (isEmpty(base)) return base;
  const dims = base.shape.slice(0, sliceRank);
  const tuples = reshapeTo(graph, indices, [numUpdates, sliceRank]);
  const rows = rowsOfTuples(graph, tuples, dims, kernel);
  const flat = [numUpdates, sliceSize];
  const slices =
    updates.shape.length === 0 ? expandTo(graph, updates, flat) : reshapeTo(graph, updates, flat);
  const table = reshapeTo(graph, base, [sizeOf(dims), sliceSize]);
  return reshapeTo(graph, scatterRows(graph, table, rows, slices, reduction), base.shape);
}

/**
 * Sums rows of `values` by segment; rows whose id is not a segment are dropped.
 * @param values `[n, ...]`
 * @param ids int32 `[n]`
 * @returns `[segments, ...]`
 */
function sumSegments(graph: Graph, values: Value, ids: Value, segments: number): Value {
  const [n = 0, ...rest] = values.shape;
  const shape = [segments, ...rest];
  const slice = sizeOf(rest);
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, values.dtype);
  const flat = reshapeTo(graph, values, [n, slice]);
  const zeros = filled(graph, 0, [segments, slice], values.dtype);
  const spec = { shape: ids.shape, dtype: "bool" } as const;
  const positive = graph.node("GreaterOrEqual", [ids, graph.scalar(0, "int32")], spec);
  const below = graph.node("Less", [ids, graph.scalar(segments, "int32")], spec);
  const known = graph.node("And", [positive, below], spec);
  // A dropped row adds zero to segment 0: cheaper than a segment more that is cut off again.
  const rows = where(graph, known, castTo(graph, ids, "int64"), graph.scalar(0, "int64"));
  const kept = where(graph, reshapeTo(graph, known, [n, 1]), flat, graph.scalar(0, values.dtype));
  return reshapeTo(graph, scatterRows(graph, zeros, rows, kept, "add"), shape);
}

/** Handlers of the kernels that scatter. Indices out of range are an error unless said otherwise. */
export const SCATTER: HandlerTable = {
  ScatterNd: handler<keyof ScatterNdInputs, ScatterNdAttrs>(
    (graph, { indices, updates }, { shape }) => {
      const zeros = filled(graph, 0, shape, updates.dtype);
      return scatterTuples(graph, zeros, indices, updates, "add", "ScatterNd");
    },
  ),

  TensorScatterUpdate: handler<keyof TensorScatterUpdateInputs>(
    (graph, { tensor, indices, updates }) => {
      const same = castTo(graph, updates, tensor.dtype);
      return scatterTuples(graph, tensor, indices, same, "none", "TensorScatterUpdate");
    },
  ),

  SparseToDense: handler<keyof SparseToDenseInputs, SparseToDenseAttrs>(
    (graph, { sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
      const background = castTo(graph, defaultValue, sparseValues.dtype);
      const base = expandTo(graph, reshapeTo(graph, background, []), outputShape);
      return scatterTuples(graph, base, sparseIndices, sparseValues, "none", "SparseToDense");
    },
  ),

  // The gradient of GatherV2. Ids outside [0, numSegments) are dropped, as in the cpu kernel.
  UnsortedSegmentSum: handler<keyof UnsortedSegmentSumInputs, UnsortedSegmentSumAttrs>(
    (graph, { x, segmentIds }, { numSegments }) => {
      if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
        throw new UnsupportedKernelError(
          `UnsortedSegmentSum: expected one segment id per row, got ids [${segmentIds.shape}] for ` +
            `x [${x.shape}]. Reshape both so that ids are [n] and x is [n, ...].`,
        );
      }
      const summable = x.dtype === "bool" ? castTo(graph, x, "int32") : x;
      // float32 for every type of x, as the cpu kernel.
      return castTo(graph, sumSegments(graph, summable, segmentIds, numSegments), "float32");
    },
  ),
};
