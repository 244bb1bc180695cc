import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
  uneven,
} from "./random-cases.ts";
import { runKernel, useOrt } from "./support.ts";

// Sums of up to 150 products, each below 16, rounded per term in float32 and once on cpu.
const CONVOLUTION: Tolerance = { rtol: 1e-5, atol: 1e-4 };

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

/** A convolution whose output is not empty. */
interface Convolution {
  readonly xShape: Shape4;
  readonly filterShape: Shape4;
  readonly outShape: Shape4;
  readonly attrs: {
    readonly strides: [number, number];
    readonly pad: unknown;
    readonly dataFormat: "NHWC" | "NCHW";
    readonly dilations: [number, number];
    readonly dimRoundingMode?: "floor" | "round" | "ceil";
  };
}

const CALLS: Readonly<Record<string, (draw: Draw) => Call | null>> = {
  Conv2D: (draw) =>
    from(convolution(draw, { nchw: true }), ({ xShape, filterShape, attrs }) => ({
      inputs: { x: draw.tensor(xShape), filter: draw.tensor(filterShape) },
      attrs,
    })),
  FusedConv2D: (draw) =>
    from(convolution(draw, { nchw: true }), ({ xShape, filterShape, attrs }) => {
      const channels = filterShape[3];
      const activation = draw.pick("linear", "relu", "prelu", "leakyrelu");
      const bias = draw.tensor(draw.pick([channels], [1], []));
      const slopes =
        activation === "prelu" ? { preluActivationWeights: draw.tensor([channels]) } : {};
      const operands = { x: draw.tensor(xShape), filter: draw.tensor(filterShape) };
      return {
        inputs: { ...operands, ...(draw.oneIn(4) ? {} : { bias }), ...slopes },
        attrs: { ...attrs, activation, leakyreluAlpha: 0.3 },
      };
    }),
  Conv2DBackpropInput: (draw) =>
    from(convolution(draw, { nchw: true, undilated: true }), (c) => ({
      inputs: { dy: draw.tensor(c.outShape), filter: draw.tensor(c.filterShape) },
      attrs: { ...c.attrs, inputShape: c.xShape },
    })),
  Conv2DBackpropFilter: (draw) =>
    from(convolution(draw, { nchw: true, undilated: true }), (c) => ({
      inputs: { x: draw.tensor(c.xShape), dy: draw.tensor(c.outShape) },
      attrs: { ...c.attrs, filterShape: c.filterShape },
    })),
  DepthwiseConv2dNative: (draw) =>
    from(convolution(draw, { depthwise: true }), ({ xShape, filterShape, attrs }) => ({
      inputs: { x: draw.tensor(xShape), filter: draw.tensor(filterShape) },
      attrs,
    })),
  FusedDepthwiseConv2D: (draw) =>
    from(convolution(draw, { depthwise: true }), ({ xShape, filterShape, outShape, attrs }) => ({
      inputs: {
        x: draw.tensor(xShape),
        filter: draw.tensor(filterShape),
        bias: draw.tensor([outShape[3]]),
      },
      attrs: { ...attrs, activation: draw.pick("linear", "relu6") },
    })),
  DepthwiseConv2dNativeBackpropInput: (draw) =>
    from(convolution(draw, { depthwise: true, undilated: true }), (c) => ({
      inputs: { dy: draw.tensor(c.outShape), filter: draw.tensor(c.filterShape) },
      attrs: { ...c.attrs, inputShape: c.xShape },
    })),
  DepthwiseConv2dNativeBackpropFilter: (draw) =>
    from(convolution(draw, { depthwise: true, undilated: true }), (c) => ({
      inputs: { x: draw.tensor(c.xShape), dy: draw.tensor(c.outShape) },
      attrs: { ...c.attrs, filterShape: c.filterShape },
    })),
  Conv3D(draw) {
    const { xShape, filterShape, attrs } = convolution3d(draw);
    const inputs = { x: draw.tensor(xShape), filter: draw.tensor(filterShape) };
    return { inputs, attrs: { ...attrs, dataFormat: "NDHWC", dilations: 1 } };
  },
  Conv3DBackpropInputV2(draw) {
    const { xShape, filterShape, outShape, attrs } = convolution3d(draw);
    const inputs = { dy: draw.tensor(outShape), filter: draw.tensor(filterShape) };
    return { inputs, attrs: { ...attrs, inputShape: xShape } };
  },
  Conv3DBackpropFilterV2(draw) {
    const { xShape, filterShape, outShape, attrs } = convolution3d(draw);
    const inputs = { x: draw.tensor(xShape), dy: draw.tensor(outShape) };
    return { inputs, attrs: { ...attrs, filterShape } };
  },
};

const GRADIENTS: GradientCases = {
  Conv2D: [
    (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, "same"),
    [1, 4, 5, 2],
    [3, 2, 2, 1],
  ],
  DepthwiseConv2dNative: [
    (x, filter) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "valid"),
    [2, 3, 4, 2],
    [2, 2, 2, 2],
  ],
  Conv3D: [
    (x, filter) => tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, 1, "same"),
    [1, 2, 3, 2, 1],
    [2, 2, 1, 1, 2],
  ],
};

beforeAll(useOrt);

describe("kernels/convolution", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, CONVOLUTION, 16);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  test("of no images there is no result, and filters get no gradient", () => {
    const x = { ...uneven([1]), shape: [0, 4, 4, 1], data: [] };
    const attrs = { strides: 1, pad: "valid", dataFormat: "NHWC", dilations: 1 };
    const [y] = runKernel(BACKEND_NAME, "Conv2D", { x, filter: uneven([2, 2, 1, 3]) }, attrs);
    expect(y?.shape).toEqual([0, 3, 3, 3]);
    const dy = { ...x, shape: [0, 3, 3, 3] };
    const shape = { ...attrs, filterShape: [2, 2, 1, 3] };
    const [gradient] = runKernel(BACKEND_NAME, "Conv2DBackpropFilter", { x, dy }, shape);
    expect(gradient?.data).toEqual(new Float32Array(12));
  });

  test("dilated depthwise gradients are refused", () => {
    const [dy, filter] = [uneven([1, 3, 3, 1]), uneven([2, 2, 1, 1])];
    const attrs = { strides: 1, pad: "same", dilations: 2, inputShape: [1, 3, 3, 1] };
    expect(() =>
      runKernel(BACKEND_NAME, "DepthwiseConv2dNativeBackpropInput", { dy, filter }, attrs),
    ).toThrow(/dilations of 1/);
  });

  test("depthwise convolutions with channels first are refused", () => {
    const inputs = { x: uneven([1, 1, 3, 3]), filter: uneven([2, 2, 1, 1]) };
    const attrs = { strides: 1, pad: "same", dilations: 1, dataFormat: "NCHW" };
    expect(() => runKernel(BACKEND_NAME, "DepthwiseConv2dNative", inputs, attrs)).toThrow(/NCHW/);
  });
});

function from(drawn: Convolution | null, call: (drawn: Convolution) => Call): Call | null {
  return drawn && call(drawn);
}

interface Limits {
  readonly nchw?: boolean;
  readonly undilated?: boolean;
  readonly depthwise?: boolean;
}

/** A random convolution, or null where tfjs' own shape function finds no output. */
function convolution(draw: Draw, { nchw, undilated, depthwise }: Limits): Convolution | null {
  const [batch, height, width] = [draw.int(1, 2), draw.int(3, 7), draw.int(3, 7)];
  const [channels, filters] = [draw.int(1, 3), draw.int(1, 3)];
  const filterShape: Shape4 = [draw.int(1, 3), draw.int(1, 3), channels, filters];
  const strides = draw.ints(2, 1, 3) as [number, number];
  const dilatable = !undilated && strides[0] === 1 && strides[1] === 1;
  const dilations = (dilatable ? draw.ints(2, 1, 2) : [1, 1]) as [number, number];
  const explicit = [[0, 0], draw.ints(2, 0, 2), draw.ints(2, 0, 2), [0, 0]] as const;
  const pad = draw.pick<"same" | "valid" | number | typeof explicit>(
    "same",
    "valid",
    draw.int(0, 1),
    explicit,
  );
  const rounding =
    typeof pad === "string"
      ? {}
      : { dimRoundingMode: draw.pick<"floor" | "round" | "ceil">("floor", "round", "ceil") };
  const first = nchw === true && draw.oneIn(3);
  const xShape: Shape4 = first
    ? [batch, channels, height, width]
    : [batch, height, width, channels];
  const laidOut = first && typeof pad === "object" ? [pad[0], pad[3], pad[1], pad[2]] : pad;
  const { outShape } = tf.backend_util.computeConv2DInfo(
    xShape,
    filterShape,
    strides,
    dilations,
    laidOut as "same",
    rounding.dimRoundingMode,
    depthwise,
    first ? "channelsFirst" : "channelsLast",
  );
  if (outShape.some((dim) => dim < 1)) return null;
  const dataFormat = first ? "NCHW" : "NHWC";
  const attrs = { strides, pad: laidOut, dataFormat, dilations, ...rounding } as const;
  return { xShape, filterShape, outShape, attrs };
}

function convolution3d(draw: Draw) {
  const [channels, filters] = [draw.int(1, 2), draw.int(1, 2)];
  const xShape: Shape5 = [draw.int(1, 2), draw.int(2, 4), draw.int(3, 5), draw.int(3, 5), channels];
  const filterShape: Shape5 = [draw.int(1, 2), draw.int(1, 3), draw.int(1, 3), channels, filters];
  const strides = draw.ints(3, 1, 2) as [number, number, number];
  const pad = draw.pick<"same" | "valid">("same", "valid");
  const info = tf.backend_util.computeConv3DInfo(xShape, filterShape, strides, 1, pad);
  return { xShape, filterShape, outShape: info.outShape, attrs: { strides, pad } };
}
