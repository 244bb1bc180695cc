import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME, jit } from "../../src/index.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
  uneven,
} from "./random-cases.ts";
import { EXACT, runKernel, tensorFrom, useOrt } from "./support.ts";

// Sums of up to 18 float32 terms, in another order than on cpu.
const SUM: Tolerance = { rtol: 2e-6, atol: 4e-6 };

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

interface Pool {
  readonly xShape: Shape4;
  readonly outShape: Shape4;
  readonly attrs: {
    readonly filterSize: [number, number];
    readonly strides: [number, number];
    readonly pad: unknown;
    readonly dimRoundingMode?: string;
  };
}

const CALLS: Readonly<Record<string, readonly [(draw: Draw) => Call | null, Tolerance]>> = {
  MaxPool: [
    (draw) =>
      from(pool(draw), ({ xShape, attrs }) => ({
        inputs: { x: draw.tensor(xShape, draw.pick("float32", "int32")) },
        attrs,
      })),
    EXACT,
  ],
  AvgPool: [
    (draw) =>
      from(pool(draw), ({ xShape, attrs }) => ({ inputs: { x: draw.tensor(xShape) }, attrs })),
    SUM,
  ],
  MaxPoolGrad: [
    (draw) =>
      from(pool(draw), ({ xShape, outShape, attrs }) => {
        // Small integers, so that many windows have several maxima.
        const input = { ...draw.indices(xShape, 0, 4), dtype: "float32" } as const;
        return {
          inputs: { dy: draw.tensor(outShape), input, output: draw.tensor(outShape) },
          attrs,
        };
      }),
    SUM,
  ],
  AvgPoolGrad: [
    (draw) =>
      from(pool(draw, "floor"), ({ xShape, outShape, attrs }) => ({
        inputs: { dy: draw.tensor(outShape), input: draw.tensor(xShape) },
        attrs,
      })),
    SUM,
  ],
  MaxPoolWithArgmax: [
    (draw) =>
      from(pool(draw, "narrow"), ({ xShape, attrs }) => ({
        inputs: { x: draw.tensor(xShape) },
        attrs: { ...attrs, includeBatchInIndex: draw.oneIn(2) },
      })),
    EXACT,
  ],
  MaxPool3D: [
    (draw) => {
      const { xShape, attrs } = pool3d(draw);
      return { inputs: { x: draw.tensor(xShape) }, attrs };
    },
    EXACT,
  ],
  AvgPool3D: [
    (draw) => {
      const { xShape, attrs } = pool3d(draw);
      return { inputs: { x: draw.tensor(xShape) }, attrs };
    },
    SUM,
  ],
  AvgPool3DGrad: [
    (draw) => {
      const { xShape, outShape, attrs } = pool3d(draw);
      return { inputs: { dy: draw.tensor(outShape), input: draw.tensor(xShape) }, attrs };
    },
    SUM,
  ],
};

const GRADIENTS: GradientCases = {
  MaxPool: [(x) => tf.maxPool(x as tf.Tensor4D, [2, 3], 1, "valid"), [1, 4, 5, 2]],
  AvgPool: [(x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "valid"), [2, 4, 5, 1]],
  AvgPool3D: [(x) => tf.avgPool3d(x as tf.Tensor5D, 2, 1, "valid"), [1, 3, 2, 3, 1]],
};

beforeAll(useOrt);

describe("kernels/pooling", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, [call, tolerance]) => {
    expectRandomCallsSameAsCpu(kernel, call, tolerance, 16);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  // ONNX Runtime's own optimizer would drop these zeros.
  test("zeros that pad an input take part in its maximum", () => {
    const program = jit(
      (x: tf.Tensor) => {
        const same = tf.conv2d(x as tf.Tensor4D, tf.ones([1, 1, 1, 1]) as tf.Tensor4D, 1, "valid");
        return tf.maxPool(
          tf.pad(same, [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ]) as tf.Tensor4D,
          2,
          2,
          0,
        );
      },
      { name: "padded" },
    );
    const y = program(tf.tensor4d([-4, -8, -12, -16], [1, 2, 2, 1]));
    expect(Array.from(y.dataSync())).toEqual([0, 0, 0, 0]);
    program.dispose();
  });

  test("padding as wide as the window pools to minus infinity, NaN and no gradient", () => {
    const x = tensorFrom(uneven([1, 2, 2, 1])) as tf.Tensor4D;
    const max = tf.maxPool(x, 1, 1, 1).dataSync();
    const mean = tf.avgPool(x, 1, 1, 1).dataSync();
    expect([max[0], mean[0]]).toEqual([Number.NEGATIVE_INFINITY, Number.NaN]);
    expect([max[5], mean[5]]).toEqual([x.dataSync()[0], x.dataSync()[0]]);
    const gradient = tf.grad((value) =>
      tf.sum(tf.slice(tf.maxPool(value as never, 1, 1, 1), [0, 1, 1, 0], [1, 2, 2, 1])),
    )(x);
    expect(Array.from(gradient.dataSync())).toEqual([1, 1, 1, 1]);
  });

  test("positions under such padding are refused", () => {
    const attrs = { filterSize: 1, strides: 1, pad: 1, includeBatchInIndex: false };
    const x = uneven([1, 2, 2, 1]);
    expect(() => runKernel(BACKEND_NAME, "MaxPoolWithArgmax", { x }, attrs)).toThrow(/narrower/);
  });

  test("of no images there is no result, and no gradient", () => {
    const x = tf.zeros([0, 4, 4, 1]) as tf.Tensor4D;
    expect(tf.maxPool(x, 2, 2, 0).shape).toEqual([0, 2, 2, 1]);
    expect(tf.avgPool(x, 2, 2, 0).shape).toEqual([0, 2, 2, 1]);
    expect(tf.grad((value) => tf.sum(tf.maxPool(value as never, 2, 2, 0)))(x).shape).toEqual(
      x.shape,
    );
  });
});

function from(drawn: Pool | null, call: (drawn: Pool) => Call): Call | null {
  return drawn && call(drawn);
}

/** Random pooling, or null where tfjs' shape function finds no output. */
function pool(draw: Draw, limit?: "floor" | "narrow"): Pool | null {
  const xShape: Shape4 = [draw.int(1, 2), draw.int(3, 6), draw.int(3, 6), draw.int(1, 3)];
  const filterSize = draw.ints(2, limit === "narrow" ? 2 : 1, 3) as [number, number];
  const strides = draw.ints(2, 1, 3) as [number, number];
  const explicit = [[0, 0], draw.ints(2, 0, 2), draw.ints(2, 0, 2), [0, 0]] as const;
  const pads = limit === "narrow" ? ["same", "valid"] : ["same", "valid", draw.int(0, 1), explicit];
  const pad = draw.pick(...pads) as "same";
  const roundings =
    limit === "floor" ? (["floor"] as const) : (["floor", "round", "ceil"] as const);
  const rounding = typeof pad === "string" ? {} : { dimRoundingMode: draw.pick(...roundings) };
  const { outShape } = tf.backend_util.computePool2DInfo(
    xShape,
    filterSize,
    strides,
    1,
    pad,
    "dimRoundingMode" in rounding ? rounding.dimRoundingMode : undefined,
  );
  if (outShape.some((dim) => dim < 1)) return null;
  return { xShape, outShape, attrs: { filterSize, strides, pad, ...rounding } };
}

function pool3d(draw: Draw) {
  const xShape: Shape5 = [
    draw.int(1, 2),
    draw.int(2, 4),
    draw.int(3, 5),
    draw.int(3, 5),
    draw.int(1, 2),
  ];
  const filterSize: [number, number, number] = [draw.int(1, 2), draw.int(1, 3), draw.int(1, 3)];
  const strides = draw.ints(3, 1, 2) as [number, number, number];
  const pad = draw.pick<"same" | "valid">("same", "valid");
  const { outShape } = tf.backend_util.computePool3DInfo(xShape, filterSize, strides, 1, pad);
  return { xShape, outShape, attrs: { filterSize, strides, pad, dataFormat: "NDHWC" } };
}
