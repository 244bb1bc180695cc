/**
 * Gradients of the convolutions. That of the input is a transposed convolution of dy; that of the
 * filter is a convolution of the input with dy as the filter, batch and channels having changed
 * places, and strides having become dilations.
 */
import {
  backend_util,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropFilterInputs,
  type Conv2DBackpropInputAttrs,
  type Conv2DBackpropInputInputs,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropFilterV2Inputs,
  type Conv3DBackpropInputV2Attrs,
  type Conv3DBackpropInputV2Inputs,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropFilterInputs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type DepthwiseConv2dNativeBackpropInputInputs,
} from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { convolve, toDepthwiseFilter, toOnnxFilter } from "./convolution.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { padWith } from "./pad.ts";
import { emptyOf, filled, isEmpty, reshapeTo, transposeTo } from "./shape.ts";
import { sliceTo } from "./slice.ts";
import {
  endPadding,
  skippedElements,
  toChannelsFirst,
  toChannelsLast,
  type Window,
  window2d,
  window3d,
  windowAttributes,
  withoutSkipped,
} from "./window.ts";

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/**
 * The transpose of {@link convolve}: spreads `dy` over the input that each position saw.
 * @param dy float32 `[batch, out, ...window.output]`, or more positions than the window takes
 * @param filter float32 `[out, C, ...window.filter]`
 * @returns `[batch, groups * C, ...window.input]`
 */
export function spread(
  graph: Graph,
  dy: Value,
  filter: Value,
  window: Window,
  groups: number,
): Value {
  const { dtype } = dy;
  const leading = [dy.shape[0] as number, (filter.shape[1] as number) * groups];
  const shape = [...leading, ...window.input];
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  if (isEmpty(dy) || isEmpty(filter)) return filled(graph, 0, shape, dtype);
  // Elements that no position saw, at the start or the end, get zeros.
  const seen = withoutSkipped(window);
  const unseen = endPadding(seen).map((amount) => Math.max(0, -amount));
  const spatial = seen.input.map((dim, i) => dim - (unseen[i] as number));
  // A dy for more positions than the window takes is allowed: tf.conv2dTranspose can ask for less.
  const used = dy.shape.map((dim, i) => (i < 2 ? dim : (window.output[i - 2] as number)));
  const positions = sliceTo(
    graph,
    dy,
    used.map(() => 0),
    used,
  );
  const gradient = graph.node(
    "ConvTranspose",
    [positions, filter],
    { shape: [...leading, ...spatial], dtype },
    { ...windowAttributes(seen), group: { int: groups } },
  );
  const paddings = skippedElements(window).map((amount, i): [number, number] => [
    amount,
    unseen[i] as number,
  ]);
  return padWith(graph, gradient, [[0, 0], [0, 0], ...paddings], 0);
}

/** The window under which `dy` slides over the input to give the gradient of the filter. */
function filterWindow({ input, output, filter, strides, begin }: Window): Window {
  const ones = strides.map(() => 1);
  return { input, output: filter, filter: output, strides: ones, dilations: strides, begin };
}

/** `[batch, ...spatial, channels]` as `[channels, batch, ...spatial]`. */
function channelsThenBatch(graph: Graph, value: Value): Value {
  const last = value.shape.length - 1;
  return transposeTo(graph, value, [last, ...value.shape.slice(0, -1).map((_, i) => i)]);
}

/** Gradient `[...spatial, in, out]` of a filter from channels-last `x` and `dy`. */
function filterGradient(graph: Graph, x: Value, dy: Value, window: Window): Value {
  const gradient = convolve(
    graph,
    channelsThenBatch(graph, x),
    channelsThenBatch(graph, dy),
    filterWindow(window),
    1,
  );
  const spatial = window.filter.map((_, i) => i + 2);
  return transposeTo(graph, gradient, [...spatial, 0, 1]);
}

/** Handlers of the gradients of the convolutions. */
export const CONVOLUTION_GRADIENTS: HandlerTable = {
  Conv2DBackpropInput: handler<keyof Conv2DBackpropInputInputs, Conv2DBackpropInputAttrs>(
    (graph, { dy, filter }, { inputShape, strides, pad, dataFormat, dimRoundingMode }) => {
      const format = backend_util.convertConv2DDataFormat(dataFormat);
      const info = backend_util.computeConv2DInfo(
        inputShape,
        [...filter.shape] as Shape4,
        strides,
        1,
        pad,
        dimRoundingMode,
        false,
        format,
      );
      const weights = toOnnxFilter(graph, filter);
      if (format === "channelsFirst") return spread(graph, dy, weights, window2d(info), 1);
      const first = toChannelsFirst(graph, dy);
      return toChannelsLast(graph, spread(graph, first, weights, window2d(info), 1));
    },
  ),

  Conv2DBackpropFilter: handler<keyof Conv2DBackpropFilterInputs, Conv2DBackpropFilterAttrs>(
    (graph, { x, dy }, { strides, pad, dataFormat, dimRoundingMode, filterShape }) => {
      const format = backend_util.convertConv2DDataFormat(dataFormat);
      const info = backend_util.computeConv2DInfo(
        [...x.shape] as Shape4,
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
        false,
        format,
      );
      const [input, gradient] = [x, dy].map((value) =>
        format === "channelsFirst" ? toChannelsLast(graph, value) : value,
      ) as [Value, Value];
      return filterGradient(graph, input, gradient, window2d(info));
    },
  ),

  DepthwiseConv2dNativeBackpropInput: handler<
    keyof DepthwiseConv2dNativeBackpropInputInputs,
    DepthwiseConv2dNativeBackpropInputAttrs
  >((graph, { dy, filter }, { inputShape, strides, dilations, pad, dimRoundingMode }) => {
    requireNoDilation("DepthwiseConv2dNativeBackpropInput", dilations);
    const filterShape = [...filter.shape] as Shape4;
    const info = backend_util.computeConv2DInfo(
      inputShape,
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
      true,
    );
    const weights = toDepthwiseFilter(graph, filter);
    const first = toChannelsFirst(graph, dy);
    return toChannelsLast(graph, spread(graph, first, weights, window2d(info), info.inChannels));
  }),

  DepthwiseConv2dNativeBackpropFilter: handler<
    keyof DepthwiseConv2dNativeBackpropFilterInputs,
    DepthwiseConv2dNativeBackpropFilterAttrs
  >((graph, { x, dy }, { filterShape, strides, dilations, pad, dimRoundingMode }) => {
    requireNoDilation("DepthwiseConv2dNativeBackpropFilter", dilations);
    const shape = [...x.shape] as Shape4;
    const info = backend_util.computeConv2DInfo(
      shape,
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
      true,
    );
    const [batch, height, width, channels] = shape;
    // Every channel is a group whose inputs are the batch.
    const grouped = reshapeTo(graph, channelsThenBatch(graph, x), [
      1,
      channels * batch,
      height,
      width,
    ]);
    const weights = channelsThenBatch(graph, dy);
    const sum = convolve(graph, grouped, weights, filterWindow(window2d(info)), channels);
    const [filterHeight, filterWidth, , multiplier] = filterShape;
    const split = reshapeTo(graph, sum, [channels, multiplier, filterHeight, filterWidth]);
    return transposeTo(graph, split, [2, 3, 0, 1]);
  }),

  Conv3DBackpropInputV2: handler<keyof Conv3DBackpropInputV2Inputs, Conv3DBackpropInputV2Attrs>(
    (graph, { dy, filter }, { inputShape, strides, pad }) => {
      const filterShape = [...filter.shape] as Shape5;
      const info = backend_util.computeConv3DInfo(inputShape, filterShape, strides, 1, pad);
      const first = toChannelsFirst(graph, dy);
      const gradient = spread(graph, first, toOnnxFilter(graph, filter), window3d(info), 1);
      return toChannelsLast(graph, gradient);
    },
  ),

  Conv3DBackpropFilterV2: handler<keyof Conv3DBackpropFilterV2Inputs, Conv3DBackpropFilterV2Attrs>(
    (graph, { x, dy }, { filterShape, strides, pad }) => {
      const shape = [...x.shape] as Shape5;
      const info = backend_util.computeConv3DInfo(shape, filterShape, strides, 1, pad);
      return filterGradient(graph, x, dy, window3d(info));
    },
  ),
};

/** tfjs differentiates dilated depthwise convolutions nowhere, so nothing defines the result. */
function requireNoDilation(kernel: string, dilations: number | readonly number[]): void {
  if ([dilations].flat().every((dilation) => dilation === 1)) return;
  throw new UnsupportedKernelError(
    `${kernel}: expected dilations of 1, got ${dilations}. Dilate the filter with zeros instead.`,
  );
}
