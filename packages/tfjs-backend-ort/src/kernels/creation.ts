/** Tensors made from attributes or from the shape of another tensor. */
import {
  type FillAttrs,
  type LinSpaceAttrs,
  type OneHotAttrs,
  type OneHotInputs,
  type RangeAttrs,
  type UnaryInputs,
  util,
} from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { type DType, isDType, sizeOf } from "../graph/dtypes.ts";
import { test } from "./elementwise.ts";
import { type Handler, type HandlerTable, handler } from "./kernel.ts";
import { castTo, emptyOf, filled, reshapeTo, where } from "./shape.ts";

/** Handlers of the creating kernels. */
export const CREATION: HandlerTable = {
  Fill: handler<never, FillAttrs>((graph, _, { shape, value, dtype }) => {
    const type = graphType("Fill", dtype || util.inferDtype(value));
    const number = type === "bool" ? +(Number(value) !== 0) : Number(value);
    return filled(graph, number, shape, type);
  }),
  ZerosLike: fillLike(0),
  OnesLike: fillLike(1),
  Identity: handler<keyof UnaryInputs>((_, { x }) => x),

  Range: handler<never, RangeAttrs>((graph, _, { start, stop, step, dtype }) => {
    const count = rangeLength(start, stop, step);
    // As in tfjs, a step of 1 counts down where the end lies below the start.
    const signed = stop < start && step === 1 ? -1 : step;
    const type = graphType("Range", dtype);
    const elements = type === "int32" ? new Int32Array(count) : new Float32Array(count);
    return graph.constant(arithmeticSequence(elements, start, signed), [count], type);
  }),
  LinSpace: handler<never, LinSpaceAttrs>((graph, _, { start, stop, num }) => {
    const step = (stop - start) / (num - 1);
    return graph.constant(arithmeticSequence(new Float32Array(num), start, step), [num], "float32");
  }),

  OneHot: handler<keyof OneHotInputs, OneHotAttrs>((graph, { indices }, attributes) => {
    const { depth, onValue, offValue, dtype } = attributes;
    const shape = [...indices.shape, depth];
    const type = graphType("OneHot", dtype);
    if (shape.includes(0)) return emptyOf(graph, shape, type);
    // ONNX counts negative indices from the end; in tfjs they select nothing, like `depth` does.
    const flat = reshapeTo(graph, indices, [sizeOf(indices.shape)]);
    const limit = graph.scalar(depth, "int32");
    const isNegative = test(graph, "Less", flat, graph.scalar(0, "int32"));
    const safe = where(graph, isNegative, limit, flat);
    const values = graph.constant(Float32Array.of(offValue, onValue), [2], "float32");
    const spec = { shape: [...flat.shape, depth], dtype: "float32" } as const;
    const rows = graph.node("OneHot", [safe, limit, values], spec, { axis: { int: -1 } });
    return castTo(graph, reshapeTo(graph, rows, shape), type);
  }),
};

function fillLike(value: number): Handler {
  return handler<keyof UnaryInputs>((graph, { x }) => filled(graph, value, x.shape, x.dtype));
}

function graphType(kernel: string, dtype: string): DType {
  if (isDType(dtype)) return dtype;
  throw new UnsupportedKernelError(
    `${kernel}: expected float32, int32 or bool, got ${dtype}. Make it outside the compiled function.`,
  );
}

function rangeLength(start: number, stop: number, step: number): number {
  // tfjs: a step away from the end gives nothing, except 1 (see above) and fractions below it.
  const away = (start < stop && step < 0) || (stop < start && step > 1);
  return start === stop || away ? 0 : Math.abs(Math.ceil((stop - start) / step));
}

/** Fills `elements` by repeated addition, rounded to their type at each step as tfjs does. */
function arithmeticSequence<T extends Int32Array | Float32Array>(
  elements: T,
  start: number,
  step: number,
): T {
  for (let i = 0; i < elements.length; i++) {
    elements[i] = i === 0 ? start : (elements[i - 1] as number) + step;
  }
  return elements;
}
