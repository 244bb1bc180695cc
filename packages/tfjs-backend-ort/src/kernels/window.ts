/**
 * The sliding window of convolutions and pooling in 2 or 3 spatial dimensions, and the layouts
 * around it: tfjs keeps channels last by default, ONNX always right after the batch.
 */
import type { backend_util } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph/graph.ts";
import { transposeTo } from "./shape.ts";
import { sliceTo } from "./slice.ts";

/** Geometry of a window, one number per spatial dimension. */
export interface Window {
  readonly input: readonly number[];
  /** Positions that the window takes. */
  readonly output: readonly number[];
  readonly filter: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before the first element; negative where elements at the start are never seen. */
  readonly begin: readonly number[];
}

/** The window of tfjs' 2-D convolutions and pooling. */
export function window2d(info: backend_util.Conv2DInfo): Window {
  return {
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    begin: [info.padInfo.top, info.padInfo.left],
  };
}

/** The window of tfjs' 3-D convolutions and pooling. */
export function window3d(info: backend_util.Conv3DInfo): Window {
  return {
    input: [info.inDepth, info.inHeight, info.inWidth],
    output: [info.outDepth, info.outHeight, info.outWidth],
    filter: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    begin: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
}

/**
 * Padding after the last element that makes the window take exactly {@link Window.output}
 * positions. Negative where elements at the end are never seen.
 */
export function endPadding({ input, output, filter, strides, dilations, begin }: Window): number[] {
  return input.map((dim, i) => {
    const span = (at(filter, i) - 1) * at(dilations, i) + 1;
    return (at(output, i) - 1) * at(strides, i) + span - dim - at(begin, i);
  });
}

/** Elements at the start of each dimension that no position sees. */
export function skippedElements({ begin }: Window): number[] {
  return begin.map((amount) => Math.max(0, -amount));
}

/** The window over the input without its skipped elements, so that no padding is negative. */
export function withoutSkipped(window: Window): Window {
  const skipped = skippedElements(window);
  return {
    ...window,
    input: window.input.map((dim, i) => dim - at(skipped, i)),
    begin: window.begin.map((amount) => Math.max(0, amount)),
  };
}

/** Takes the skipped elements off a channels-first value. */
export function dropSkipped(graph: Graph, value: Value, window: Window): Value {
  const begin = [0, 0, ...skippedElements(window)];
  const size = value.shape.map((dim, i) => dim - at(begin, i));
  return sliceTo(graph, value, begin, size);
}

/**
 * Positions that ONNX takes under {@link windowAttributes}: {@link Window.output}, or more where
 * elements at the end are never seen. Cut the result to {@link Window.output}.
 */
export function onnxPositions(window: Window): number[] {
  return endPadding(window).map((amount, i) => {
    const extra = Math.floor(Math.max(0, -amount) / at(window.strides, i));
    return at(window.output, i) + extra;
  });
}

/** ONNX' attributes of a window without skipped elements; unseen ones at the end are the caller's. */
export function windowAttributes(
  window: Window,
): Record<"kernel_shape" | "strides" | "dilations" | "pads", { ints: readonly number[] }> {
  const end = endPadding(window).map((amount) => Math.max(0, amount));
  return {
    kernel_shape: { ints: window.filter },
    strides: { ints: window.strides },
    dilations: { ints: window.dilations },
    pads: { ints: [...window.begin, ...end] },
  };
}

/** `[batch, ...spatial, channels]` as `[batch, channels, ...spatial]`. */
export function toChannelsFirst(graph: Graph, value: Value): Value {
  const last = value.shape.length - 1;
  const spatial = value.shape.slice(2).map((_, i) => i + 1);
  return transposeTo(graph, value, [0, last, ...spatial]);
}

/** `[batch, channels, ...spatial]` as `[batch, ...spatial, channels]`. */
export function toChannelsLast(graph: Graph, value: Value): Value {
  const spatial = value.shape.slice(2).map((_, i) => i + 2);
  return transposeTo(graph, value, [0, ...spatial, 1]);
}

function at(values: readonly number[], i: number): number {
  return values[i] as number;
}
