/**
 * ONNX' pooling operators over channels-first values, with what they cannot do themselves: padding
 * as wide as the window, elements that no position sees.
 */
import { UnsupportedKernelError } from "../errors.ts";
import { sizeOf } from "../graph/dtypes.ts";
import type { Attributes, Graph, Value } from "../graph/graph.ts";
import { combine, test } from "./elementwise.ts";
import { padWith } from "./pad.ts";
import { emptyOf, filled, where } from "./shape.ts";
import { sliceTo } from "./slice.ts";
import {
  dropSkipped,
  endPadding,
  onnxPositions,
  type Window,
  windowAttributes,
  withoutSkipped,
} from "./window.ts";

/**
 * Maximum per window; of nothing but padding, negative infinity.
 * @param x float32 or float64 `[batch, channels, ...window.input]`
 * @returns `[batch, channels, ...window.output]`
 */
export function slideMax(graph: Graph, x: Value, window: Window): Value {
  const padded = padExplicitly(graph, x, window, Number.NEGATIVE_INFINITY);
  return slide(graph, "MaxPool", padded.value, padded.window);
}

/**
 * Mean per window over the elements inside `x`.
 * @param x float32 `[batch, channels, ...window.input]`
 * @param ofNothing what a window of nothing but padding gives
 * @returns `[batch, channels, ...window.output]`
 */
export function slideAverage(
  graph: Graph,
  x: Value,
  window: Window,
  ofNothing: "zero" | "NaN",
): Value {
  if (!isPaddedWide(window)) return slide(graph, "AveragePool", x, window);
  // Padding counts as elements once it is part of the input: its share is divided out again.
  const ones = filled(graph, 1, [1, 1, ...window.input], x.dtype);
  const [sum, count] = [x, ones].map((value) => {
    const padded = padExplicitly(graph, value, window, 0);
    return slide(graph, "AveragePool", padded.value, padded.window);
  }) as [Value, Value];
  if (ofNothing === "NaN") return combine(graph, "Div", sum, count);
  const least = graph.scalar(1 / sizeOf(window.filter), x.dtype);
  return combine(graph, "Div", sum, combine(graph, "Max", count, least));
}

/**
 * Maximum per window with its first position: the row-major index in all of `x`. NaN counts for
 * nothing, as in tfjs.
 * @param x float32 `[batch, channels, ...window.input]`
 * @returns the maxima and their int64 positions, both `[batch, channels, ...window.output]`
 * @throws UnsupportedKernelError for padding as wide as the window
 */
export function slideMaxWithPositions(graph: Graph, x: Value, window: Window): [Value, Value] {
  if (isPaddedWide(window)) {
    throw new UnsupportedKernelError(
      `MaxPool: expected padding narrower than the window, got ${window.begin} before and ` +
        `${endPadding(window)} after for [${window.filter}]. Pad the input with tf.pad first.`,
    );
  }
  const shape = [...x.shape.slice(0, 2), ...window.output];
  if (sizeOf(shape) === 0) return [emptyOf(graph, shape, x.dtype), emptyOf(graph, shape, "int64")];
  const full = [...x.shape.slice(0, 2), ...onnxPositions(window)];
  const lowest = graph.scalar(Number.NEGATIVE_INFINITY, x.dtype);
  const outputs = graph.multiNode(
    "MaxPool",
    [where(graph, test(graph, "IsNaN", x), lowest, x)],
    [
      { shape: full, dtype: x.dtype },
      { shape: full, dtype: "int64" },
    ],
    attributesOf("MaxPool", window),
  );
  return outputs.map((output) => cutTo(graph, output, shape)) as [Value, Value];
}

/** A value with its window, and where in it the original begins. */
interface Padded {
  readonly value: Value;
  readonly window: Window;
  readonly begin: readonly number[];
}

/** Makes padding that ONNX Runtime would refuse part of the value; other padding stays as it is. */
export function padExplicitly(graph: Graph, x: Value, window: Window, fill: number): Padded {
  const begin = [0, 0, ...window.begin];
  if (!isPaddedWide(window)) return { value: x, window, begin: begin.map(() => 0) };
  const end = [0, 0, ...endPadding(window).map((amount) => Math.max(0, amount))];
  const paddings = begin.map((amount, i): [number, number] => [amount, end[i] as number]);
  const value = padWith(graph, x, paddings, fill);
  const inner = { ...window, input: value.shape.slice(2), begin: window.begin.map(() => 0) };
  return { value, window: inner, begin };
}

/** Whether the padding at some end reaches the size of the window, which ONNX Runtime refuses. */
function isPaddedWide(window: Window): boolean {
  const reaches = (amount: number, i: number) => amount >= (window.filter[i] as number);
  return window.begin.some(reaches) || endPadding(window).some(reaches);
}

function slide(graph: Graph, op: "MaxPool" | "AveragePool", x: Value, window: Window): Value {
  const shape = [...x.shape.slice(0, 2), ...window.output];
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, x.dtype);
  const seen = withoutSkipped(window);
  const full = [...x.shape.slice(0, 2), ...onnxPositions(seen)];
  const visible = dropSkipped(graph, x, window);
  const spec = { shape: full, dtype: x.dtype };
  return cutTo(graph, graph.node(op, [visible], spec, attributesOf(op, seen)), shape);
}

function attributesOf(op: "MaxPool" | "AveragePool", window: Window): Attributes {
  const { dilations, ...attributes } = windowAttributes(window);
  return op === "MaxPool" ? { ...attributes, dilations } : attributes;
}

function cutTo(graph: Graph, value: Value, shape: readonly number[]): Value {
  const begin = shape.map(() => 0);
  return sliceTo(graph, value, begin, shape);
}
