/** Kernels that pick elements by indices that are values of the graph. */
import {
  backend_util,
  type GatherNdInputs,
  type GatherV2Attrs,
  type GatherV2Inputs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { checkedRows, rowsOfTuples } from "./flat-indices.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { emptyOf, normalizeAxis, reshapeTo, where } from "./shape.ts";
import { shapeOnly } from "./tensor-info.ts";

/**
 * `values` along `axis` at `indices`, which ONNX Runtime checks when it runs.
 * @returns the shape of `values` with dimension `axis` replaced by the shape of `indices`
 */
function gatherAlong(graph: Graph, values: Value, indices: Value, axis: number): Value {
  const shape = [...values.shape.slice(0, axis), ...indices.shape, ...values.shape.slice(axis + 1)];
  const { dtype } = values;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  return graph.node("Gather", [values, indices], { shape, dtype }, { axis: { int: axis } });
}

/**
 * Gathers within each batch, as one gather over all rows of all batches.
 * @param x `[batch, outer, dim, slice]`
 * @param indices int32 `[batch, count]`
 * @returns `[batch * outer * count, slice]`
 */
function gatherBatches(graph: Graph, x: Value, indices: Value): Value {
  const [batch, outer, dim, slice] = x.shape as [number, number, number, number];
  const checked = checkedRows(graph, indices, dim, "GatherV2");
  const count = indices.shape[1] as number;
  const rows = reshapeTo(graph, x, [batch * outer * dim, slice]);
  if (sizeOf([batch, outer, count]) === 0) return emptyOf(graph, [0, slice], x.dtype);
  const perBatch = reshapeTo(graph, checked, [batch, 1, count]);
  const starts = BigInt64Array.from({ length: batch * outer }, (_, i) => BigInt(i * dim));
  const first = graph.constant(starts, [batch, outer, 1], "int64");
  const spec = { shape: [batch, outer, count], dtype: "int64" } as const;
  // An index past its own batch must not reach into the next one: its row is no row at all.
  const inside = graph.node("Less", [perBatch, graph.scalar(dim, "int64")], {
    shape: perBatch.shape,
    dtype: "bool",
  });
  const nowhere = graph.scalar(batch * outer * dim, "int64");
  const row = where(graph, inside, graph.node("Add", [first, perBatch], spec), nowhere);
  return gatherAlong(graph, rows, reshapeTo(graph, row, [batch * outer * count]), 0);
}

/** Handlers of the kernels that gather. Indices out of range, negative ones too, are an error. */
export const GATHER: HandlerTable = {
  GatherV2: handler<keyof GatherV2Inputs, GatherV2Attrs>(
    (graph, { x, indices }, { axis, batchDims }) => {
      const along = normalizeAxis(axis, x.shape.length);
      const info = backend_util.segment_util.collectGatherOpShapeInfo(
        shapeOnly(x),
        shapeOnly(indices),
        along,
        batchDims ?? 0,
      );
      if (!batchDims) {
        const checked = checkedRows(graph, indices, info.dimSize, "GatherV2");
        return gatherAlong(graph, x, checked, along);
      }
      const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
      const count = sizeOf(indices.shape) / Math.max(batchSize, 1);
      const table = reshapeTo(graph, x, [batchSize, outerSize, dimSize, sliceSize]);
      const rows = gatherBatches(graph, table, reshapeTo(graph, indices, [batchSize, count]));
      return reshapeTo(graph, rows, outputShape);
    },
  ),

  GatherNd: handler<keyof GatherNdInputs>((graph, { params, indices }) => {
    const [shape, , sliceSize] = backend_util.prepareAndValidate(
      shapeOnly(params),
      shapeOnly(indices),
    );
    const depth = indices.shape.at(-1) as number;
    const dims = params.shape.slice(0, depth);
    if (sizeOf(shape) === 0) return emptyOf(graph, shape, params.dtype);
    const rows = rowsOfTuples(graph, indices, dims, "GatherNd");
    const table = reshapeTo(graph, params, [sizeOf(dims), sliceSize]);
    return reshapeTo(graph, gatherAlong(graph, table, rows, 0), shape);
  }),
};
