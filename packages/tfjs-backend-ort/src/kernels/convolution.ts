/**
 * Convolutions over ONNX Conv: the forward kernels in 2-D, depthwise and 3-D. Their gradients are
 * in ./convolution-gradients.ts.
 */
import {
  backend_util,
  type Conv2DAttrs,
  type Conv2DInputs,
  type Conv3DAttrs,
  type Conv3DInputs,
  type DepthwiseConv2dNativeAttrs,
  type DepthwiseConv2dNativeInputs,
} from "@tensorflow/tfjs-core";
import { UnsupportedKernelError } from "../errors.ts";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { combine } from "./elementwise.ts";
import { activate, type FusedActivation } from "./fused-activation.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { emptyOf, filled, isEmpty, reshapeTo, transposeTo } from "./shape.ts";
import { sliceTo } from "./slice.ts";
import {
  dropSkipped,
  onnxPositions,
  toChannelsFirst,
  toChannelsLast,
  type Window,
  window2d,
  window3d,
  windowAttributes,
  withoutSkipped,
} from "./window.ts";

/** Four or five dimensions as tfjs' shape functions want them. */
type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

interface FusedInputs {
  readonly x: Value;
  readonly filter: Value;
  readonly bias?: Value;
  readonly preluActivationWeights?: Value;
}

/**
 * Convolves channels-first values.
 * @param x float32 `[batch, groups * C, ...window.input]`
 * @param filter float32 `[out, C, ...window.filter]`
 * @param bias `[out]`
 * @returns `[batch, out, ...window.output]`
 */
export function convolve(
  graph: Graph,
  x: Value,
  filter: Value,
  window: Window,
  groups: number,
  bias?: Value,
): Value {
  const { dtype } = x;
  const leading = [x.shape[0] as number, filter.shape[0] as number];
  const shape = [...leading, ...window.output];
  if (sizeOf(shape) === 0) return emptyOf(graph, shape, dtype);
  if (isEmpty(x) || isEmpty(filter)) return filled(graph, 0, shape, dtype);
  const seen = withoutSkipped(window);
  const visible = dropSkipped(graph, x, window);
  const full = graph.node(
    "Conv",
    bias ? [visible, filter, bias] : [visible, filter],
    { shape: [...leading, ...onnxPositions(seen)], dtype },
    { ...windowAttributes(seen), group: { int: groups } },
  );
  return sliceTo(graph, full, [0, 0, ...window.begin.map(() => 0)], shape);
}

/** `[...spatial, in, out]` as ONNX wants filters, `[out, in, ...spatial]`. */
export function toOnnxFilter(graph: Graph, filter: Value): Value {
  const last = filter.shape.length - 1;
  const spatial = filter.shape.slice(0, -2).map((_, i) => i);
  return transposeTo(graph, filter, [last, last - 1, ...spatial]);
}

/** `[height, width, in, multiplier]` as ONNX wants depthwise filters, `[in * multiplier, 1, ...]`. */
export function toDepthwiseFilter(graph: Graph, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as Shape4;
  const first = transposeTo(graph, filter, [2, 3, 0, 1]);
  return reshapeTo(graph, first, [channels * multiplier, 1, height, width]);
}

/** Handlers of the convolutions. */
export const CONVOLUTION: HandlerTable = {
  Conv2D: handler<keyof Conv2DInputs, Conv2DAttrs>((graph, { x, filter }, attributes) =>
    convolution2d(graph, x, filter, attributes),
  ),

  FusedConv2D: handler<"x" | "filter", Conv2DAttrs & FusedActivation>(
    (graph, inputs: FusedInputs, attributes) => {
      const { x, filter, bias, preluActivationWeights } = inputs;
      // As the cpu kernel: only vectors are taken to belong to the channels.
      const perChannel = (value: Value | undefined) =>
        value &&
        attributes.dataFormat === "NCHW" &&
        value.shape.length === 1 &&
        value.shape[0] !== 1
          ? reshapeTo(graph, value, [value.shape[0] as number, 1, 1])
          : value;
      const fits = bias?.shape.length === 1 && bias.shape[0] === filter.shape[3];
      const result = convolution2d(graph, x, filter, attributes, fits ? bias : undefined);
      const sum = bias && !fits ? combine(graph, "Add", result, perChannel(bias) as Value) : result;
      return activate(graph, sum, attributes, perChannel(preluActivationWeights));
    },
  ),

  DepthwiseConv2dNative: handler<keyof DepthwiseConv2dNativeInputs, DepthwiseConv2dNativeAttrs>(
    (graph, { x, filter }, attributes) => depthwise(graph, x, filter, attributes),
  ),

  FusedDepthwiseConv2D: handler<"x" | "filter", DepthwiseConv2dNativeAttrs & FusedActivation>(
    (graph, inputs: FusedInputs, attributes) => {
      const { x, filter, bias, preluActivationWeights } = inputs;
      const result = depthwise(graph, x, filter, attributes);
      const sum = bias ? combine(graph, "Add", result, bias) : result;
      return activate(graph, sum, attributes, preluActivationWeights);
    },
  ),

  Conv3D: handler<keyof Conv3DInputs, Conv3DAttrs>(
    (graph, { x, filter }, { strides, pad, dilations, dataFormat }) => {
      requireChannelsLast("Conv3D", dataFormat);
      const info = backend_util.computeConv3DInfo(
        [...x.shape] as Shape5,
        [...filter.shape] as Shape5,
        strides,
        dilations,
        pad,
      );
      const first = toChannelsFirst(graph, x);
      const result = convolve(graph, first, toOnnxFilter(graph, filter), window3d(info), 1);
      return toChannelsLast(graph, result);
    },
  ),
};

/** @throws UnsupportedKernelError for channels-first layouts, which the cpu kernels lack too */
export function requireChannelsLast(kernel: string, dataFormat: string | undefined): void {
  if (dataFormat === undefined || dataFormat === "NHWC" || dataFormat === "NDHWC") return;
  throw new UnsupportedKernelError(
    `${kernel}: expected channels last, got dataFormat ${dataFormat}. Transpose the input first.`,
  );
}

function convolution2d(
  graph: Graph,
  x: Value,
  filter: Value,
  { strides, pad, dataFormat, dilations, dimRoundingMode }: Conv2DAttrs,
  bias?: Value,
): Value {
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  const info = backend_util.computeConv2DInfo(
    [...x.shape] as Shape4,
    [...filter.shape] as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    format,
  );
  const weights = toOnnxFilter(graph, filter);
  if (format === "channelsFirst") return convolve(graph, x, weights, window2d(info), 1, bias);
  const first = toChannelsFirst(graph, x);
  return toChannelsLast(graph, convolve(graph, first, weights, window2d(info), 1, bias));
}

function depthwise(
  graph: Graph,
  x: Value,
  filter: Value,
  { strides, pad, dataFormat, dilations, dimRoundingMode }: DepthwiseConv2dNativeAttrs,
): Value {
  requireChannelsLast("DepthwiseConv2dNative", dataFormat);
  const info = backend_util.computeConv2DInfo(
    [...x.shape] as Shape4,
    [...filter.shape] as Shape4,
    strides,
    dilations ?? [1, 1],
    pad,
    dimRoundingMode,
    true,
  );
  const weights = toDepthwiseFilter(graph, filter);
  const first = toChannelsFirst(graph, x);
  return toChannelsLast(graph, convolve(graph, first, weights, window2d(info), info.inChannels));
}
