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
import { EXACT, runKernel, useOrt } from "./support.ts";

// Weights and sums of up to 40 terms below 4 in float32; cpu computes in float64.
const BLEND: Tolerance = { rtol: 1e-5, atol: 2e-5 };

const CALLS: Readonly<Record<string, readonly [(draw: Draw) => Call, Tolerance]>> = {
  ResizeBilinear: [resizeCall, BLEND],
  ResizeNearestNeighbor: [resizeCall, EXACT],
  // The cpu kernel swaps height and width of its result, so only squares can be compared.
  ResizeBilinearGrad: [
    (draw) => {
      const side = draw.int(1, 6);
      return gradientCall(draw, [draw.int(1, 2), side, side, draw.int(1, 2)]);
    },
    BLEND,
  ],
  // The cpu kernel looks for later images of dy in the wrong place, and divides by zero for a
  // single row or column with aligned corners.
  ResizeNearestNeighborGrad: [
    (draw) => gradientCall(draw, [1, draw.int(2, 6), draw.int(2, 6), draw.int(1, 2)], 2),
    BLEND,
  ],
};

const GRADIENTS: GradientCases = {
  ResizeBilinear: [(x) => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 2]), [2, 3, 3, 1]],
  "ResizeBilinear with aligned corners": [
    (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [2, 5], true),
    [1, 3, 3, 2],
  ],
  ResizeNearestNeighbor: [
    (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [4, 5]),
    [1, 3, 2, 2],
  ],
};

beforeAll(useOrt);

describe("kernels/image", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, [call, tolerance]) => {
    expectRandomCallsSameAsCpu(kernel, call, tolerance, 16);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  test("the gradient of resizing has the shape of the images, where cpu transposes it", () => {
    const inputs = { images: uneven([1, 2, 3, 1]), dy: uneven([1, 4, 6, 1]) };
    const attrs = { alignCorners: false, halfPixelCenters: false, size: [4, 6] };
    const [gradient] = runKernel(BACKEND_NAME, "ResizeBilinearGrad", inputs, attrs);
    expect(gradient?.shape).toEqual([1, 2, 3, 1]);
  });
});

function alignment(draw: Draw) {
  const alignCorners = draw.oneIn(3);
  return { alignCorners, halfPixelCenters: !alignCorners && draw.oneIn(2) };
}

function resizeCall(draw: Draw): Call {
  const images = draw.tensor(
    [...draw.ints(3, 1, 6), draw.int(1, 2)],
    draw.pick("float32", "int32"),
  );
  return { inputs: { images }, attrs: { size: draw.ints(2, 1, 9), ...alignment(draw) } };
}

function gradientCall(draw: Draw, shape: readonly number[], least = 1): Call {
  const size = draw.ints(2, least, 9);
  const [batch, , , channels] = shape as [number, number, number, number];
  const dy = draw.tensor([batch, ...size, channels]);
  return { inputs: { images: draw.tensor(shape), dy }, attrs: { size, ...alignment(draw) } };
}
