import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, test } from "vitest";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { EXACT, useOrt } from "./support.ts";

const CALLS: Readonly<Record<string, (draw: Draw) => Call>> = {
  PadV2(draw) {
    const x = draw.anything(draw.shape(draw.int(0, 4)));
    const paddings = x.shape.map(() => draw.ints(2, 0, 2));
    const constantValue = x.dtype === "float32" ? draw.pick(0, -2.5) : draw.int(0, 1);
    return { inputs: { x }, attrs: { paddings, constantValue } };
  },
  MirrorPad(draw) {
    const mode = draw.pick("reflect", "symmetric");
    const x = draw.anything(draw.shape(draw.int(1, 4)));
    const paddings = x.shape.map((dim) =>
      draw.ints(2, 0, Math.max(0, mode === "reflect" ? dim - 1 : dim)),
    );
    return { inputs: { x }, attrs: { paddings, mode } };
  },
  SpaceToBatchND(draw) {
    const blockShape = draw.ints(2, 1, 3);
    const spatial = draw.ints(2, 1, 4);
    const paddings = spatial.map((dim, i) => {
      const block = blockShape[i] as number;
      const before = draw.int(0, 2);
      return [before, (block - ((dim + before) % block)) % block];
    });
    const x = draw.anything([draw.int(1, 2), ...spatial, ...draw.shape(draw.int(0, 2))]);
    return { inputs: { x }, attrs: { blockShape, paddings } };
  },
  BatchToSpaceND(draw) {
    const blockShape = draw.ints(2, 1, 3) as [number, number];
    const batch = blockShape[0] * blockShape[1] * draw.int(1, 2);
    const crops = blockShape.map((block) => (block > 1 ? draw.ints(2, 0, 1) : [0, 0]));
    const x = draw.anything([batch, ...draw.ints(2, 1, 3), ...draw.shape(draw.int(0, 2))]);
    return { inputs: { x }, attrs: { blockShape, crops } };
  },
};

const GRADIENTS: GradientCases = {
  PadV2: [
    (x) =>
      tf.pad(tf.square(x as tf.Tensor), [
        [1, 0],
        [0, 2],
      ]),
    [2, 3],
  ],
  SpaceToBatchND: [
    (x) =>
      tf.spaceToBatchND(
        x as tf.Tensor,
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
    [1, 2, 3, 1],
  ],
  BatchToSpaceND: [
    (x) =>
      tf.batchToSpaceND(
        x as tf.Tensor,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    [4, 1, 2, 1],
  ],
};

beforeAll(useOrt);

describe("kernels/pad", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, EXACT);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });
});
