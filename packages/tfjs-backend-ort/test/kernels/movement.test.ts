import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { BACKEND_NAME } from "../../src/index.ts";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { EXACT, runKernel, useOrt } from "./support.ts";

const CALLS: Readonly<Record<string, (draw: Draw) => Call>> = {
  Reshape(draw) {
    const x = draw.anything(draw.shape(draw.int(0, 4)));
    const reversed = [...x.shape].reverse();
    const shape = x.data.length === 0 ? reversed : draw.pick([-1], [1, -1], reversed);
    return { inputs: { x }, attrs: { shape } };
  },
  ExpandDims(draw) {
    const input = draw.anything(draw.shape(draw.int(0, 3)));
    const rank = input.shape.length;
    return { inputs: { input }, attrs: { dim: draw.int(-rank - 1, rank) } };
  },
  Transpose(draw) {
    const x = draw.anything(draw.shape(draw.int(0, 5)));
    return { inputs: { x }, attrs: { perm: draw.shuffled(x.shape.map((_, i) => i)) } };
  },
  Concat(draw) {
    const shape = draw.shape(draw.int(1, 4));
    const axis = draw.int(-shape.length, shape.length - 1);
    const along = axis < 0 ? axis + shape.length : axis;
    const dtype = draw.type();
    const inputs = draw.ints(draw.int(1, 4), 0, 3).map((size) =>
      draw.anything(
        shape.map((dim, i) => (i === along ? size : dim)),
        dtype,
      ),
    );
    return { inputs, attrs: { axis } };
  },
  Pack(draw) {
    const shape = draw.shape(draw.int(0, 3));
    const dtype = draw.type();
    const inputs = draw.ints(draw.int(1, 3), 0, 0).map(() => draw.anything(shape, dtype));
    return { inputs, attrs: { axis: draw.int(-shape.length - 1, shape.length) } };
  },
  Tile(draw) {
    const x = draw.anything(draw.shape(draw.int(1, 4)));
    return { inputs: { x }, attrs: { reps: draw.ints(x.shape.length, 0, 3) } };
  },
  DepthToSpace(draw) {
    const blockSize = draw.int(1, 3);
    const x = draw.anything([...draw.shape(3), blockSize * blockSize * draw.int(1, 2)]);
    return { inputs: { x }, attrs: { blockSize, dataFormat: "NHWC" } };
  },
};

const GRADIENTS: GradientCases = {
  Reshape: [(x) => tf.reshape(tf.square(x as tf.Tensor), [3, -1]), [2, 3, 2]],
  Transpose: [(x) => tf.transpose(tf.square(x as tf.Tensor), [2, 0, 1]), [2, 3, 2]],
  Concat: [(x, y) => tf.concat([x, tf.square(y as tf.Tensor)] as tf.Tensor[], -1), [2, 3], [2, 1]],
  Pack: [(x, y) => tf.stack([x, y] as tf.Tensor[], 1), [2, 3], [2, 3]],
  Tile: [(x) => tf.tile(x as tf.Tensor, [2, 3]), [2, 1]],
};

beforeAll(useOrt);

describe("kernels/movement", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, EXACT);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });

  test("Concat of one tensor that has elements keeps its type", () => {
    const inputs = [
      { dtype: "float32", shape: [0, 2], data: [] },
      { dtype: "int32", shape: [1, 2], data: [7, 8] },
    ] as const;
    const [result] = runKernel(BACKEND_NAME, "Concat", inputs as never, { axis: 0 });
    expect(result).toMatchObject({ dtype: "int32", shape: [1, 2] });
  });

  test("DepthToSpace refuses channels first", () => {
    const x = { dtype: "float32", shape: [1, 4, 1, 1], data: [1, 2, 3, 4] } as const;
    expect(() =>
      runKernel(BACKEND_NAME, "DepthToSpace", { x }, { blockSize: 2, dataFormat: "NCHW" }),
    ).toThrow(/NHWC/);
  });
});
