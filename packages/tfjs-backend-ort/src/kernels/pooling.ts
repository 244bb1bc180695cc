/** Pooling over ONNX MaxPool and AveragePool, in 2-D and 3-D, with the gradients. */
import {
  type AvgPool3DAttrs,
  type AvgPool3DGradAttrs,
  type AvgPool3DGradInputs,
  type AvgPool3DInputs,
  type AvgPoolAttrs,
  type AvgPoolGradAttrs,
  type AvgPoolGradInputs,
  type AvgPoolInputs,
  backend_util,
  type MaxPool3DAttrs,
  type MaxPool3DInputs,
  type MaxPoolAttrs,
  type MaxPoolGradAttrs,
  type MaxPoolGradInputs,
  type MaxPoolInputs,
  type MaxPoolWithArgmaxAttrs,
  type MaxPoolWithArgmaxInputs,
} from "@tensorflow/tfjs-core";
import { sameShape, sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { requireChannelsLast } from "./convolution.ts";
import { spread } from "./convolution-gradients.ts";
import { combine } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, filled, isEmpty, reshapeTo } from "./shape.ts";
import { sliceTo } from "./slice.ts";
import { padExplicitly, slideAverage, slideMax, slideMaxWithPositions } from "./sliding.ts";
import { toChannelsFirst, toChannelsLast, type Window, window2d, window3d } from "./window.ts";

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** Maximum per window; int32 and bool are compared as float64, which holds them exactly. */
function maxPool(graph: Graph, x: Value, window: Window): Value {
  const exact = castTo(graph, x, x.dtype === "float32" ? "float32" : "float64");
  return toChannelsLast(graph, slideMax(graph, toChannelsFirst(graph, exact), window));
}

/** Mean per window over the elements inside `x`. tfjs disagrees with itself on the mean of none. */
function averagePool(graph: Graph, x: Value, window: Window): Value {
  const float = toChannelsFirst(graph, castTo(graph, x, "float32"));
  const ofNothing = window.filter.length === 3 ? "zero" : "NaN";
  return toChannelsLast(graph, slideAverage(graph, float, window, ofNothing));
}

/**
 * Spreads dy evenly over each window. As in tfjs, every element gets `dy / window size`, also where
 * padding made the mean one of fewer elements.
 */
function averageGradient(graph: Graph, dy: Value, window: Window): Value {
  const first = toChannelsFirst(graph, dy);
  const [batch, channels, ...spatial] = first.shape as [number, number, ...number[]];
  const share = graph.fill(1 / sizeOf(window.filter), [1, 1, ...window.filter], "float32");
  const planes = reshapeTo(graph, first, [batch * channels, 1, ...spatial]);
  const gradient = spread(graph, planes, share, window, 1);
  return toChannelsLast(graph, reshapeTo(graph, gradient, [batch, channels, ...window.input]));
}

/** Adds dy to the first maximum of each window. */
function maxGradient(graph: Graph, dy: Value, x: Value, window: Window): Value {
  if (isEmpty(dy)) return filled(graph, 0, x.shape, "float32");
  const first = toChannelsFirst(graph, castTo(graph, x, "float32"));
  const padded = padExplicitly(graph, first, window, Number.NEGATIVE_INFINITY);
  const [, positions] = slideMaxWithPositions(graph, padded.value, padded.window);
  const flat = [sizeOf(dy.shape)];
  const inputs = [
    filled(graph, 0, [sizeOf(padded.value.shape)], "float32"),
    reshapeTo(graph, positions, flat),
    reshapeTo(graph, toChannelsFirst(graph, dy), flat),
  ];
  const sum = graph.node("ScatterElements", inputs, inputs[0] as Value, {
    axis: { int: 0 },
    reduction: { string: "add" },
  });
  const gradient = reshapeTo(graph, sum, padded.value.shape);
  return toChannelsLast(graph, sliceTo(graph, gradient, padded.begin, first.shape));
}

/** Handlers of the pooling kernels. */
export const POOLING: HandlerTable = {
  MaxPool: handler<keyof MaxPoolInputs, MaxPoolAttrs>((graph, { x }, attributes) => {
    const window = poolWindow(x, attributes);
    return isIdentity(window) ? x : castTo(graph, maxPool(graph, x, window), x.dtype);
  }),

  AvgPool: handler<keyof AvgPoolInputs, AvgPoolAttrs>((graph, { x }, attributes) => {
    const window = poolWindow(x, attributes);
    return isIdentity(window) ? x : castTo(graph, averagePool(graph, x, window), x.dtype);
  }),

  MaxPoolGrad: handler<keyof MaxPoolGradInputs, MaxPoolGradAttrs>(
    (graph, { dy, input }, attributes) =>
      maxGradient(graph, dy, input, poolWindow(input, attributes)),
  ),

  AvgPoolGrad: handler<keyof AvgPoolGradInputs, AvgPoolGradAttrs>(
    (graph, { dy, input }, attributes) => averageGradient(graph, dy, poolWindow(input, attributes)),
  ),

  MaxPoolWithArgmax: handler<keyof MaxPoolWithArgmaxInputs, MaxPoolWithArgmaxAttrs>(
    (graph, { x }, { includeBatchInIndex, ...attributes }) => {
      const window = poolWindow(x, attributes);
      const first = toChannelsFirst(graph, castTo(graph, x, "float32"));
      const [maxima, positions] = slideMaxWithPositions(graph, first, window);
      const indices = channelsLastPositions(graph, positions, first.shape, includeBatchInIndex);
      return [
        castTo(graph, toChannelsLast(graph, maxima), x.dtype),
        castTo(graph, toChannelsLast(graph, indices), "int32"),
      ];
    },
  ),

  // The 3-D kernels of tfjs return float32 whatever they are given.
  MaxPool3D: handler<keyof MaxPool3DInputs, MaxPool3DAttrs>((graph, { x }, attributes) =>
    castTo(graph, maxPool(graph, x, poolWindow3d(x, attributes)), "float32"),
  ),

  AvgPool3D: handler<keyof AvgPool3DInputs, AvgPool3DAttrs>((graph, { x }, attributes) =>
    averagePool(graph, x, poolWindow3d(x, attributes)),
  ),

  AvgPool3DGrad: handler<keyof AvgPool3DGradInputs, AvgPool3DGradAttrs>(
    (graph, { dy, input }, attributes) =>
      averageGradient(graph, dy, poolWindow3d(input, attributes)),
  ),
};

/** The attributes that all 2-D pooling kernels share. */
type PoolAttrs = Pick<MaxPoolAttrs, "filterSize" | "strides" | "pad"> &
  Partial<Pick<MaxPoolAttrs, "dimRoundingMode">>;

type Pool3dAttrs = Pick<MaxPool3DAttrs, "filterSize" | "strides" | "pad"> &
  Partial<Pick<MaxPool3DAttrs, "dimRoundingMode" | "dataFormat">>;

function poolWindow(x: Value, { filterSize, strides, pad, dimRoundingMode }: PoolAttrs): Window {
  const shape = [...x.shape] as Shape4;
  return window2d(
    backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode),
  );
}

/** The cpu kernels return their input here, even where padding and strides would shift it. */
function isIdentity({ filter, input, output }: Window): boolean {
  return filter.every((dim) => dim === 1) && sameShape(input, output);
}

function poolWindow3d(x: Value, attributes: Pool3dAttrs): Window {
  const { filterSize, strides, pad, dimRoundingMode, dataFormat } = attributes;
  requireChannelsLast("3-D pooling", dataFormat);
  const shape = [...x.shape] as Shape5;
  return window3d(
    backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode),
  );
}

/** Row-major positions in `[batch, channels, height, width]` as tfjs counts them, channels last. */
function channelsLastPositions(
  graph: Graph,
  positions: Value,
  shape: readonly number[],
  withBatch: boolean,
): Value {
  const [batch, channels, height, width] = shape as Shape4;
  const pixels = height * width;
  if (isEmpty(positions)) return positions;
  const pixel = graph.node("Mod", [positions, graph.scalar(pixels, "int64")], positions);
  const scaled = combine(graph, "Mul", pixel, graph.scalar(channels, "int64"));
  const offsets = BigInt64Array.from({ length: batch * channels }, (_, i) => {
    const [image, channel] = [Math.floor(i / channels), i % channels];
    return BigInt(channel + (withBatch ? image * pixels * channels : 0));
  });
  const offset = graph.constant(offsets, [batch, channels, 1, 1], "int64");
  return combine(graph, "Add", scaled, offset);
}
