/**
 * Kernels that take parts of a value along its axes, forwards or backwards. Indices that are values
 * of the graph belong to ./gather.ts.
 */
import {
  backend_util,
  type FlipLeftRightInputs,
  type ReverseAttrs,
  type ReverseInputs,
  type SliceAttrs,
  type SliceInputs,
  type SplitVAttrs,
  type SplitVInputs,
  type StridedSliceAttrs,
  type StridedSliceInputs,
  slice_util,
  type UnpackAttrs,
  type UnpackInputs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { emptyOf, isEmpty, normalizeAxes, normalizeAxis, reshapeTo } from "./shape.ts";
import { shapeOnly } from "./tensor-info.ts";

/** Past the first element going backwards; -1 would mean the last element. */
const BEFORE_START = -(2 ** 31);

/** Elements `begin`, `begin + stride`, ... of one axis, `size` of them. */
interface Range {
  readonly axis: number;
  readonly begin: number;
  readonly size: number;
  readonly stride: number;
}

/** Takes `ranges` of `value`; every range must lie inside its axis. */
function sliceRanges(graph: Graph, value: Value, ranges: readonly Range[]): Value {
  const shape = [...value.shape];
  for (const { axis, size } of ranges) shape[axis] = size;
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, value.dtype);
  const cuts = ranges.filter(
    ({ axis, size, stride }) => size !== value.shape[axis] || (stride < 0 && size > 1),
  );
  if (cuts.length === 0) return value;
  const inputs = [
    value,
    graph.ints(cuts.map(({ begin }) => begin)),
    graph.ints(cuts.map(endOf)),
    graph.ints(cuts.map(({ axis }) => axis)),
  ];
  if (cuts.some(({ stride }) => stride !== 1)) {
    inputs.push(graph.ints(cuts.map(({ stride }) => stride)));
  }
  return graph.node("Slice", inputs, { shape, dtype: value.dtype });
}

/** The block of `size` elements per axis that starts at `begin`. */
export function sliceTo(
  graph: Graph,
  value: Value,
  begin: readonly number[],
  size: readonly number[],
): Value {
  const ranges = begin.map(
    (start, axis): Range => ({ axis, begin: start, size: size[axis] as number, stride: 1 }),
  );
  return sliceRanges(graph, value, ranges);
}

/** `value` with the order of elements reversed along `axes`. */
function reverseAlong(graph: Graph, value: Value, axes: readonly number[]): Value {
  const ranges = axes.map((axis): Range => {
    const size = value.shape[axis] as number;
    return { axis, begin: size - 1, size, stride: -1 };
  });
  return sliceRanges(graph, value, ranges);
}

/** Consecutive parts of `sizes` elements along `axis`; the sizes add up to the axis. */
function splitInto(graph: Graph, value: Value, sizes: readonly number[], axis: number): Value[] {
  const spec = (size: number) => ({
    shape: value.shape.map((dim, i) => (i === axis ? size : dim)),
    dtype: value.dtype,
  });
  // ONNX Runtime's Split is only asked for parts that have elements.
  const filled = isEmpty(value) ? [] : sizes.filter((size) => size > 0);
  const parts =
    filled.length > 1
      ? graph.multiNode("Split", [value, graph.ints(filled)], filled.map(spec), {
          axis: { int: axis },
        })
      : filled.map(() => value);
  let next = 0;
  return sizes.map((size) => {
    const part = size > 0 ? parts[next++] : undefined;
    return part ?? emptyOf(graph, spec(size).shape, value.dtype);
  });
}

/** Handlers of the kernels that take parts of a value. */
export const SLICE: HandlerTable = {
  Slice: handler<keyof SliceInputs, SliceAttrs>((graph, { x }, { begin, size }) => {
    const [start = [], length = []] = slice_util.parseSliceParams(shapeOnly(x), begin, size);
    slice_util.assertParamsValid(shapeOnly(x), start, length);
    return sliceTo(graph, x, start, length);
  }),

  StridedSlice: handler<keyof StridedSliceInputs, StridedSliceAttrs>((graph, { x }, attrs) => {
    const { finalShape, begin, end, strides } = slice_util.sliceInfo(
      [...x.shape],
      attrs.begin,
      attrs.end,
      attrs.strides,
      attrs.beginMask,
      attrs.endMask,
      attrs.ellipsisMask,
      attrs.newAxisMask,
      attrs.shrinkAxisMask,
    );
    const ranges = begin.map((start, axis): Range => {
      const stride = strides[axis] as number;
      const size = Math.max(0, Math.ceil(((end[axis] as number) - start) / stride));
      return { axis, begin: start, size, stride };
    });
    return reshapeTo(graph, sliceRanges(graph, x, ranges), finalShape);
  }),

  Reverse: handler<keyof ReverseInputs, ReverseAttrs>((graph, { x }, { dims }) =>
    reverseAlong(graph, x, normalizeAxes(dims, x.shape.length)),
  ),

  // Images are [batch, height, width, channels].
  FlipLeftRight: handler<keyof FlipLeftRightInputs>((graph, { image }) =>
    reverseAlong(graph, image, [2]),
  ),

  SplitV: handler<keyof SplitVInputs, SplitVAttrs>((graph, { x }, { numOrSizeSplits, axis }) => {
    const along = normalizeAxis(axis, x.shape.length);
    // A copy, because prepareSplitSize writes the size that stands for -1 into its argument.
    const splits = Array.isArray(numOrSizeSplits) ? [...numOrSizeSplits] : numOrSizeSplits;
    const sizes = backend_util.prepareSplitSize(shapeOnly(x), splits, along);
    return splitInto(graph, x, sizes, along);
  }),

  Unpack: handler<keyof UnpackInputs, UnpackAttrs>((graph, { value }, { axis }) => {
    const along = normalizeAxis(axis, value.shape.length);
    const shape = value.shape.filter((_, i) => i !== along);
    const ones = new Array<number>(value.shape[along] as number).fill(1);
    return splitInto(graph, value, ones, along).map((part) => reshapeTo(graph, part, shape));
  }),
};

function endOf({ begin, size, stride }: Range): number {
  const last = begin + (size - 1) * stride;
  if (stride > 0) return last + 1;
  return last === 0 ? BEFORE_START : last - 1;
}
