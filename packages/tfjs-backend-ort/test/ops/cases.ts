/** The operations of src/ops with inputs, and the same mathematics in plain tfjs ops. */

import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import {
  attention,
  causalMask,
  embedding,
  gelu,
  geluErf,
  layerNorm,
  linear,
  logSoftmaxAt,
  rmsNorm,
  rotary,
  silu,
  updateAt,
} from "../../src/index.ts";

/** One operation on inputs of given shapes. */
export interface OpCase {
  readonly name: string;
  /** Shapes of the inputs that have gradients. */
  readonly shapes: readonly (readonly number[])[];
  readonly op: (...inputs: Tensor[]) => Tensor;
  /** Independent of src/ops. */
  readonly plain: (...inputs: Tensor[]) => Tensor;
}

const EPSILON = 1e-5;
const CLASSES = 7;

/** Every operation on small odd shapes. */
export const CASES: readonly OpCase[] = [
  {
    name: "linear",
    shapes: [[5, 3], [3, 4], [4]],
    op: (x, w, b) => linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
    plain: (x, w, b) => tf.add(tf.matMul(x as Tensor, w as Tensor), b as Tensor),
  },
  ...[[6], [5, 6], [2, 3, 6]].map(
    (shape): OpCase => ({
      name: `layerNorm of [${shape}]`,
      shapes: [shape, [6], [6]],
      op: (x, scale, offset) =>
        layerNorm(x as Tensor, scale as tf.Tensor1D, offset as tf.Tensor1D, EPSILON),
      plain: (x, scale, offset) => {
        const { mean, variance } = tf.moments(x as Tensor, -1, true);
        const unit = tf.div(tf.sub(x as Tensor, mean), tf.sqrt(tf.add(variance, EPSILON)));
        return tf.add(tf.mul(unit, scale as Tensor), offset as Tensor);
      },
    }),
  ),
  {
    name: "rmsNorm",
    shapes: [[2, 3, 6], [6]],
    op: (x, scale) => rmsNorm(x as Tensor, scale as tf.Tensor1D, EPSILON),
    plain: (x, scale) => {
      const square = tf.mean(tf.square(x as Tensor), -1, true);
      return tf.mul(tf.div(x as Tensor, tf.sqrt(tf.add(square, EPSILON))), scale as Tensor);
    },
  },
  {
    name: "gelu",
    shapes: [[3, 17]],
    op: (x) => gelu(x as Tensor),
    plain: (x) => {
      const cubic = tf.add(x as Tensor, tf.mul(tf.pow(x as Tensor, 3), 0.044715));
      const tanh = tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI)));
      return tf.mul(tf.mul(x as Tensor, 0.5), tf.add(tanh, 1));
    },
  },
  {
    name: "geluErf",
    shapes: [[3, 17]],
    op: (x) => geluErf(x as Tensor),
    plain: (x) => {
      const cdf = tf.mul(tf.add(tf.erf(tf.div(x as Tensor, Math.SQRT2)), 1), 0.5);
      return tf.mul(x as Tensor, cdf);
    },
  },
  {
    name: "silu",
    shapes: [[3, 17]],
    op: (x) => silu(x as Tensor),
    plain: (x) => tf.div(x as Tensor, tf.add(tf.exp(tf.neg(x as Tensor)), 1)),
  },
  {
    name: "linear without a bias",
    shapes: [
      [5, 3],
      [3, 4],
    ],
    op: (x, w) => linear(x as tf.Tensor2D, w as tf.Tensor2D),
    plain: (x, w) => tf.matMul(x as Tensor, w as Tensor),
  },
  ...[6, 4].map(
    (width): OpCase => ({
      name: `rotary of ${width} of 6 elements`,
      shapes: [[2, 3, 5, 6]],
      op: (x) => {
        const angles = rotationAngles(width / 2);
        return rotary(x as tf.Tensor4D, tf.cos(angles), tf.sin(angles));
      },
      // As a product with one rotation matrix per token.
      plain: (x) => {
        const matrices = tf.expandDims(rotationMatrices(width / 2, 6), 1);
        return tf.sum(tf.mul(tf.expandDims(x as Tensor, 4), matrices), 3);
      },
    }),
  ),
  {
    name: "attention under a causal mask",
    shapes: [
      [2, 3, 5, 4],
      [2, 3, 5, 4],
      [2, 3, 5, 4],
    ],
    op: (q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, causalMask(5)),
    plain: (q, k, v) => {
      const mask = tf.tensor2d(
        Array.from({ length: 25 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e9 : 0)),
        [5, 5],
      );
      const scores = tf.div(tf.matMul(q as Tensor, k as Tensor, false, true), Math.sqrt(4));
      return tf.matMul(tf.softmax(tf.add(scores, mask)), v as Tensor);
    },
  },
  {
    name: "attention of fewer queries than keys",
    shapes: [
      [1, 2, 2, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
    ],
    op: (q, k, v) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, tf.zeros([1, 5])),
    plain: (q, k, v) => {
      const scores = tf.div(tf.matMul(q as Tensor, k as Tensor, false, true), Math.sqrt(4));
      return tf.matMul(tf.softmax(scores), v as Tensor);
    },
  },
  {
    name: "attention with a scale",
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    op: (q, k, v) =>
      attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, tf.zeros([1, 3]), 0.3),
    plain: (q, k, v) => {
      const scores = tf.mul(tf.matMul(q as Tensor, k as Tensor, false, true), 0.3);
      return tf.matMul(tf.softmax(scores), v as Tensor);
    },
  },
  {
    name: "embedding with repeated rows",
    shapes: [[CLASSES, 3]],
    op: (table) => embedding(table as tf.Tensor2D, ids()),
    plain: (table) => tf.matMul(tf.oneHot(ids(), CLASSES, 1, 0, "float32"), table as Tensor),
  },
  {
    name: "logSoftmaxAt",
    shapes: [[4, CLASSES]],
    op: (logits) => logSoftmaxAt(logits as tf.Tensor2D, ids()),
    plain: (logits) => {
      const chosen = tf.oneHot(ids(), CLASSES, 1, 0, "float32");
      return tf.sum(tf.mul(tf.logSoftmax(logits as Tensor), chosen), 1);
    },
  },
  {
    name: "updateAt",
    shapes: [
      [3, 4, 2],
      [3, 1, 2],
    ],
    op: (x, update) => updateAt(x as tf.Tensor3D, tf.tensor1d([2], "int32"), update as tf.Tensor3D),
    plain: (x, update) => {
      const [before, , after] = tf.split(x as Tensor, [2, 1, 1], 1) as [Tensor, Tensor, Tensor];
      return tf.concat([before, update as Tensor, after], 1);
    },
  },
];

function ids(): tf.Tensor1D {
  return tf.tensor1d([6, 0, 3, 0], "int32");
}

/** Angles of two rows of five tokens, one per pair of elements. `[2, 5, pairs]` */
function rotationAngles(pairs: number): tf.Tensor3D {
  const angles = Array.from({ length: 2 * 5 * pairs }, (_, i) => 3 * Math.sin(7 * i + 1));
  return tf.tensor3d(angles, [2, 5, pairs]);
}

/** `x` times one of these rotates the pairs of `x` and keeps the rest. `[2, 5, width, width]` */
function rotationMatrices(pairs: number, width: number): tf.Tensor4D {
  const data = new Float32Array(2 * 5 * width * width);
  for (const [i, angle] of rotationAngles(pairs).dataSync().entries()) {
    const start = Math.floor(i / pairs) * width * width;
    const [a, b] = [i % pairs, (i % pairs) + pairs];
    data[start + a * width + a] = Math.cos(angle);
    data[start + b * width + b] = Math.cos(angle);
    data[start + a * width + b] = Math.sin(angle);
    data[start + b * width + a] = -Math.sin(angle);
  }
  for (let token = 0; token < 2 * 5; token++) {
    for (let i = 2 * pairs; i < width; i++) data[token * width * width + i * width + i] = 1;
  }
  return tf.tensor4d(data, [2, 5, width, width]);
}
