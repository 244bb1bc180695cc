import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, test } from "vitest";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { useOrt } from "./support.ts";

// Five dependent float32 operations; cpu rounds once.
const NORMALIZATION: Tolerance = { rtol: 1e-5, atol: 1e-5 };

const CALLS: Readonly<Record<string, (draw: Draw) => Call>> = {
  FusedBatchNorm(draw) {
    const x = draw.tensor(draw.shape(4));
    const statistic = draw.oneIn(2) ? x.shape : x.shape.slice(-1);
    const variance = draw.tensor(statistic);
    return {
      inputs: {
        x,
        mean: draw.tensor(statistic),
        variance: { ...variance, data: variance.data.map(Math.abs) },
        ...(draw.oneIn(2) ? { scale: draw.tensor(statistic) } : {}),
        ...(draw.oneIn(2) ? { offset: draw.tensor(statistic) } : {}),
      },
      attrs: { varianceEpsilon: draw.pick(undefined, 0.01) },
    };
  },
  LRN(draw) {
    return { inputs: { x: draw.tensor(images(draw)) }, attrs: responseAttrs(draw) };
  },
  LRNGrad(draw) {
    const shape = images(draw);
    const [x, y, dy] = [draw.tensor(shape), draw.tensor(shape), draw.tensor(shape)];
    return { inputs: { x, y, dy }, attrs: responseAttrs(draw) };
  },
};

const GRADIENTS: GradientCases = {
  // tfjs differentiates it with a scale only.
  FusedBatchNorm: [
    (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        tf.square(variance as tf.Tensor1D),
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        0.1,
      ),
    [2, 1, 2, 3],
    [3],
    [3],
    [3],
    [3],
  ],
  LRN: [(x) => tf.localResponseNormalization(x as tf.Tensor4D, 1, 1.5, 0.5, 0.6), [1, 2, 2, 4]],
};

beforeAll(useOrt);

describe("kernels/normalize", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, NORMALIZATION, 12);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });
});

function images(draw: Draw): number[] {
  return [...draw.shape(3, 1), draw.int(1, 6)];
}

/** A bias of at least 1 keeps the power away from its pole. */
function responseAttrs(draw: Draw) {
  return {
    depthRadius: draw.int(0, 3),
    bias: draw.pick(1, 1.5),
    alpha: draw.pick(0.1, 1),
    beta: draw.pick(0.5, 0.75),
  };
}
