import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Call,
  type Draw,
  expectGradients,
  expectRandomCallsSameAsCpu,
  type GradientCases,
} from "./random-cases.ts";
import { EXACT, runKernel, useOrt } from "./support.ts";

const CALLS: Readonly<Record<string, (draw: Draw) => Call>> = {
  Slice(draw) {
    const x = draw.anything(draw.shape(draw.int(1, 4)));
    const begin = x.shape.map((dim) => draw.int(0, dim));
    const size = x.shape.map((dim, i) =>
      draw.oneIn(3) ? -1 : draw.int(0, dim - (begin[i] as number)),
    );
    return { inputs: { x }, attrs: { begin, size } };
  },
  Reverse(draw) {
    const x = draw.anything(draw.shape(draw.int(0, 4)));
    const axes = draw.some(x.shape.map((_, axis) => axis));
    const dims = axes.map((axis) => (draw.oneIn(2) ? axis : axis - x.shape.length));
    return { inputs: { x }, attrs: { dims } };
  },
  FlipLeftRight(draw) {
    return { inputs: { image: draw.anything(draw.shape(4), "float32") } };
  },
  SplitV(draw) {
    const x = draw.anything(draw.shape(draw.int(1, 4)));
    const axis = draw.int(-x.shape.length, x.shape.length - 1);
    const size = x.shape.at(axis) as number;
    const cut = draw.int(0, size);
    const splits = draw.pick<number | number[]>(1, size || 1, [cut, size - cut], [cut, -1]);
    return { inputs: { x }, attrs: { numOrSizeSplits: splits, axis } };
  },
  Unpack(draw) {
    const value = draw.anything(draw.shape(draw.int(1, 4), 1));
    const rank = value.shape.length;
    return { inputs: { value }, attrs: { axis: draw.int(-rank, rank - 1) } };
  },
};

const GRADIENTS: GradientCases = {
  Slice: [(x) => tf.slice(tf.square(x as tf.Tensor), [0, 1], [2, 2]), [2, 4]],
  Reverse: [(x) => tf.reverse(tf.square(x as tf.Tensor), -1), [2, 3]],
  SplitV: [
    (x) => {
      const [left, right] = tf.split(x as tf.Tensor, [1, 2], 1) as [tf.Tensor, tf.Tensor];
      return tf.mul(left, right);
    },
    [2, 3],
  ],
  Unpack: [
    (x) => {
      const [first, second] = tf.unstack(x as tf.Tensor, 1) as [tf.Tensor, tf.Tensor];
      return tf.mul(first, second);
    },
    [3, 2],
  ],
};

beforeAll(useOrt);

describe("kernels/slice", () => {
  test.each(Object.entries(CALLS))("%s gives what cpu gives", (kernel, call) => {
    expectRandomCallsSameAsCpu(kernel, call, EXACT);
  });

  test("StridedSlice gives what cpu gives", () => {
    expectRandomCallsSameAsCpu("StridedSlice", stridedCall, EXACT, 60);
  });

  test("StridedSlice drops an axis that is indexed, also beside steps", async () => {
    const x = tf.reshape(tf.range(0, 24), [2, 3, 4]);
    // x[1, ::-1, 1:4:2]
    const y = tf.stridedSlice(x, [1, 0, 1], [2, 0, 4], [1, -1, 2], 0b010, 0b010, 0, 0, 0b001);
    expect(y.shape).toEqual([3, 2]);
    expect(Array.from(await y.data())).toEqual([21, 23, 17, 19, 13, 15]);
  });

  test("StridedSlice is empty where it ends before it begins", () => {
    const y = tf.stridedSlice(tf.range(0, 5), [3], [1], [1]);
    expect(y.shape).toEqual([0]);
  });

  test("SplitV leaves the sizes that it is given as they are", () => {
    const sizes = [1, -1];
    tf.split(tf.range(0, 5), sizes);
    expect(sizes).toEqual([1, -1]);
  });

  test.each(Object.entries(GRADIENTS))("gradient of %s", async (_, [program, ...shapes]) => {
    await expectGradients(program, shapes);
  });
});

/**
 * Calls that the cpu kernel answers rightly: it mixes up axes when it drops one and steps along
 * another, and it throws where a plain slice would be empty.
 */
function stridedCall(draw: Draw): Call | null {
  const x = draw.anything(draw.shape(draw.int(1, 4)));
  const count = draw.int(1, x.shape.length);
  const mask = (share: number): number => (draw.oneIn(share) ? draw.int(0, 2 ** count - 1) : 0);
  const ellipsisMask = draw.oneIn(4) ? 2 ** draw.int(0, count - 1) : 0;
  const newAxisMask = mask(4);
  const plain = draw.oneIn(3);
  const attrs = {
    begin: draw.ints(count, -5, 5),
    end: draw.ints(count, -5, 5),
    strides: draw.ints(count, 0, 0).map(() => (plain ? 1 : draw.pick(1, 2, 3, -1, -2))),
    beginMask: mask(2),
    endMask: mask(2),
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask: plain ? mask(2) : 0,
  };
  try {
    runKernel("cpu", "StridedSlice", { x }, attrs);
  } catch {
    return null;
  }
  return { inputs: { x }, attrs };
}
