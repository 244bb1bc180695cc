/**
 * The ops that the language models of this repository are made of, as cases to run on two
 * backends: forward, and gradients where the op has one.
 */
import * as tf from "@tensorflow/tfjs-core";

/** One op on inputs of given shapes. */
export interface OpCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** Range of the inputs, drawn uniformly; default [-2, 2]. */
  readonly range?: readonly [low: number, high: number];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Whether gradients are compared as well; default true. */
  readonly differentiable?: boolean;
}

/** Elements of an op's output and of its gradients. */
export interface OpResult {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  readonly output: readonly number[];
  /** Gradient of sum(output * weight), with weights that differ, per input. */
  readonly gradients: readonly (readonly number[])[];
}

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const unary = (name: string, run: Unary, range?: readonly [number, number]): OpCase => ({
  name,
  shapes: [[3, 5]],
  run,
  ...(range ? { range } : {}),
});
const binary = (name: string, run: Binary, range?: readonly [number, number]): OpCase => ({
  name: `${name} with broadcasting`,
  shapes: [
    [2, 3, 4],
    [3, 1],
  ],
  run,
  ...(range ? { range } : {}),
});
// tfjs 4.22 has no gradient of these with broadcasting.
const sameShapes = (name: string, run: Binary): OpCase => ({
  name,
  shapes: [
    [2, 3],
    [2, 3],
  ],
  run,
});
// Not differentiable, or without a gradient in tfjs 4.22.
const discrete = (name: string, shapes: OpCase["shapes"], run: OpCase["run"]): OpCase => ({
  name,
  shapes,
  run,
  differentiable: false,
});

const POSITIVE = [0.1, 3] as const;
const INDICES = [2, 0, 2, 1];

/** Every case. */
export const CORE_OPS: readonly OpCase[] = [
  unary("abs", tf.abs),
  unary("cos", tf.cos),
  unary("elu", tf.elu),
  unary("erf", tf.erf),
  unary("exp", tf.exp),
  unary("expm1", tf.expm1),
  unary("leakyRelu", (x) => tf.leakyRelu(x, 0.1)),
  unary("log", tf.log, POSITIVE),
  unary("log1p", tf.log1p, POSITIVE),
  unary("logSigmoid", tf.logSigmoid, [-60, 60]),
  unary("neg", tf.neg),
  unary("reciprocal", tf.reciprocal, POSITIVE),
  unary("relu", tf.relu),
  unary("rsqrt", tf.rsqrt, POSITIVE),
  unary("sigmoid", tf.sigmoid, [-60, 60]),
  unary("sin", tf.sin),
  unary("softplus", tf.softplus, [-60, 60]),
  unary("sqrt", tf.sqrt, POSITIVE),
  unary("square", tf.square),
  unary("tanh", tf.tanh),
  unary("clipByValue", (x) => tf.clipByValue(x, -1, 1)),
  unary("softmax", (x) => tf.softmax(x)),
  unary("logSoftmax", (x) => tf.logSoftmax(x), [-60, 60]),
  unary("logSumExp", (x) => tf.logSumExp(x, -1), [-60, 60]),
  unary("sum", (x) => tf.sum(x, -1)),
  unary("mean", (x) => tf.mean(x, 0, true)),
  unary("max", (x) => tf.max(x, 1)),
  unary("min", (x) => tf.min(x, 1)),
  unary("prod", (x) => tf.prod(x, 1)),
  unary("cumsum", (x) => tf.cumsum(x, 1)),
  unary("cumsum, exclusive and reversed", (x) => tf.cumsum(x, 1, true, true)),
  unary("variance", (x) => tf.moments(x, -1).variance),
  unary("reshape", (x) => tf.reshape(x, [5, 3])),
  unary("transpose", (x) => tf.transpose(x)),
  unary("reverse", (x) => tf.reverse(x, 1)),
  unary("slice", (x) => tf.slice(x, [1, 2], [2, 2])),
  unary("pad", (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      0.5,
    ),
  ),
  unary("tile", (x) => tf.tile(x, [2, 3])),
  unary("broadcastTo", (x) => tf.broadcastTo(x, [2, 3, 5])),
  unary("expandDims", (x) => tf.expandDims(x, 1)),
  unary("split", (x) =>
    tf.mul(...(tf.split(x, [2, 2, 1], 1).slice(0, 2) as [tf.Tensor, tf.Tensor])),
  ),
  unary("gather", (x) => tf.gather(x, tf.tensor1d(INDICES, "int32"))),
  unary("gather on the last axis", (x) => tf.gather(x, tf.tensor1d(INDICES, "int32"), 1)),
  binary("add", tf.add),
  binary("sub", tf.sub),
  binary("mul", tf.mul),
  binary("div", tf.div, POSITIVE),
  binary("pow", tf.pow, POSITIVE),
  sameShapes("maximum", tf.maximum),
  sameShapes("minimum", tf.minimum),
  sameShapes("squaredDifference", tf.squaredDifference),
  sameShapes("where", (a, b) => {
    const condition = tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], "bool");
    return tf.where(condition, a, b);
  }),
  {
    name: "matMul",
    shapes: [
      [3, 4],
      [4, 5],
    ],
    run: (a, b) => tf.matMul(a, b),
  },
  {
    name: "matMul, batched, both sides transposed",
    shapes: [
      [2, 3, 4, 3],
      [2, 3, 5, 4],
    ],
    run: (a, b) => tf.matMul(a, b, true, true),
  },
  {
    name: "concat",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    run: (a, b) => tf.concat([a, b], 1),
  },
  {
    name: "stack",
    shapes: [
      [2, 3],
      [2, 3],
    ],
    run: (a, b) => tf.stack([a, b], 1),
  },
  {
    name: "addN",
    shapes: [[4], [4], [4]],
    run: (...inputs) => tf.addN(inputs),
  },
  {
    name: "unsortedSegmentSum",
    shapes: [[4, 3]],
    run: (x) => tf.unsortedSegmentSum(x, tf.tensor1d(INDICES, "int32"), 3),
  },
  {
    name: "dense layer: matMul, bias and relu in one kernel",
    shapes: [[3, 4], [4, 5], [5]],
    run: (a, b, bias) =>
      tf.fused.matMul({
        a: a as tf.Tensor2D,
        b: b as tf.Tensor2D,
        bias: bias as tf.Tensor,
        activation: "relu",
      }),
  },
  discrete(
    "matMul with broadcast batches",
    [
      [2, 3, 4, 3],
      [3, 3, 5],
    ],
    (a, b) => tf.matMul(a, b),
  ),
  discrete(
    "einsum",
    [
      [2, 3, 4],
      [2, 5, 4],
    ],
    (a, b) => tf.einsum("bik,bjk->bij", a, b),
  ),
  discrete("stridedSlice", [[3, 5]], (x) => tf.stridedSlice(x, [0, 4], [3, 0], [2, -2])),
  discrete("gatherND", [[3, 5]], (x) => tf.gatherND(x, tf.tensor2d([0, 4, 2, 1], [2, 2], "int32"))),
  discrete("argMax", [[3, 5]], (x) => tf.argMax(x, -1)),
  discrete("argMin", [[3, 5]], (x) => tf.argMin(x, 0)),
  discrete("topk values", [[3, 5]], (x) => tf.topk(x, 2).values),
  discrete("topk indices", [[3, 5]], (x) => tf.topk(x, 2).indices),
  discrete("floor", [[3, 5]], tf.floor),
  discrete("round", [[3, 5]], tf.round),
  discrete("sign", [[3, 5]], tf.sign),
  discrete("cast to int32", [[3, 5]], (x) => tf.cast(x, "int32")),
  discrete("cast to bool", [[3, 5]], (x) => tf.cast(tf.relu(x), "bool")),
  discrete("oneHot", [[4]], () => tf.oneHot(tf.tensor1d(INDICES, "int32"), 4)),
  discrete("any and all", [[3, 5]], (x) =>
    tf.logicalXor(tf.any(tf.greater(x, 1), 1), tf.all(tf.greater(x, -1), 1)),
  ),
  discrete(
    "comparisons",
    [
      [3, 5],
      [1, 5],
    ],
    (a, b) => tf.logicalOr(tf.less(a, b), tf.logicalNot(tf.greaterEqual(a, b))),
  ),
  discrete("scatterND", [[3]], (x) =>
    tf.scatterND(tf.tensor2d([3, 0, 1], [3, 1], "int32"), x, [5]),
  ),
  discrete("floorDiv and mod of integers", [[4]], (x) => {
    const n = tf.cast(tf.mul(x, 10), "int32");
    return tf.add(tf.mul(tf.floorDiv(n, tf.scalar(3, "int32")), 100), tf.mod(n, 3));
  }),
];

/** Runs a case on the current backend; the inputs depend on the case only. */
export function runOp({ shapes, range = [-2, 2], run, differentiable = true }: OpCase): OpResult {
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => seededTensor(shape, range, i + 1));
    const output = run(...inputs);
    const gradients = differentiable
      ? tf
          .grads((...xs: tf.Tensor[]) => {
            const y = run(...xs);
            return tf.sum(tf.mul(y, seededTensor(y.shape, [0.5, 1.5], 99)));
          })(inputs)
          .map((gradient) => [...gradient.dataSync()])
      : [];
    return { shape: output.shape, dtype: output.dtype, output: [...output.dataSync()], gradients };
  });
}

function seededTensor(
  shape: readonly number[],
  [low, high]: readonly [number, number],
  seed: number,
): tf.Tensor {
  return tf.randomUniform([...shape], low, high, "float32", seed);
}
