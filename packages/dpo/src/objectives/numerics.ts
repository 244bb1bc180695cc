/**
 * Scalar functions of the objectives, written so that values keep their relative precision and
 * gradients stay finite and right where a response is certain: `1 - sigmoid(x)` is `sigmoid(-x)`,
 * and no product of infinity and zero occurs. Gradients are formulas of their own, not those of the
 * ops inside; second derivatives are not supported.
 */

import type { GradSaveFunc, Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

/** A function of every element, of tensors of any shape. */
export type Elementwise = <T extends Tensor>(x: T) => T;

/** `1 / (1 + exp(-x))`; relative precision also far below zero, where it is `exp(x)`. */
export const sigmoid: Elementwise = elementwise(sigmoidOf, (x) =>
  tf.mul(sigmoidOf(x), sigmoidOf(tf.neg(x))),
);

/** `log(1 + exp(x)) = -log sigmoid(-x)`; the loss of a wrong order by `x`. */
export const softplus: Elementwise = elementwise(
  (x) => tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x))))),
  sigmoidOf,
);

/** `log sigmoid(x)` */
export function logSigmoid<T extends Tensor>(x: T): T {
  return tf.neg(softplus(tf.neg(x)));
}

// Below it exp(x) > 1/2 and expm1 is the precise form, above it log1p is.
const LOG_HALF = -Math.LN2;
// The largest float32 below 1 is 1 - 2^-24: no probability is known to be closer to 1.
const LARGEST_LOG = -(2 ** -24);

/**
 * `log(1 - exp(x))`: the log-probability of not drawing what has log-probability `x`. Above
 * `-2^-24`, where float32 no longer tells a probability from 1, it is that of `-2^-24`.
 */
export const log1mexp: Elementwise = elementwise(
  (x) => {
    const bounded = tf.minimum(x, LARGEST_LOG);
    const near = tf.log(tf.neg(tf.expm1(bounded)));
    return tf.where(tf.greater(bounded, LOG_HALF), near, tf.log1p(tf.neg(tf.exp(bounded))));
  },
  (x) => tf.neg(tf.reciprocal(tf.expm1(tf.neg(tf.minimum(x, LARGEST_LOG))))),
);

// Where TRL bounds the powers of the alpha divergence. exp of it is 5.5e34, which leaves room below
// float32's largest number, 3.4e38, for sums and for a beta above 1.
const LARGEST_EXPONENT = 80;

/**
 * `exp(x) - 1` that saturates at 5.5e34 instead of overflowing to infinity, where differences of
 * two of them would be NaN. The gradient saturates too; it does not vanish.
 */
export const saturatingExpm1: Elementwise = elementwise(
  (x) => tf.expm1(tf.minimum(x, LARGEST_EXPONENT)),
  (x) => tf.exp(tf.minimum(x, LARGEST_EXPONENT)),
);

/**
 * KL divergence, nats, of a coin of logit `x` from a coin of probability `1 - flip`:
 * `q log(q / (1 - flip)) + (1 - q) log((1 - q) / flip)` with `q = sigmoid(x)`.
 * @param flip in (0, 1)
 */
export function coinDivergence(x: Tensor1D, flip: number): Tensor1D {
  const target = Math.log1p(-flip) - Math.log(flip);
  return elementwise(
    (x) => {
      const [q, other] = [sigmoidOf(x), sigmoidOf(tf.neg(x))];
      const size = tf.abs(x);
      const entropy = tf.add(
        tf.log1p(tf.exp(tf.neg(size))),
        tf.mul(atMost(size), sigmoidOf(tf.neg(size))),
      );
      const cross = tf.add(tf.mul(q, -Math.log1p(-flip)), tf.mul(other, -Math.log(flip)));
      return tf.sub(cross, entropy);
    },
    // q (1 - q) (x - target)
    (x) => {
      const spread = tf.mul(sigmoidOf(x), sigmoidOf(tf.neg(x)));
      return tf.mul(spread, tf.sub(atMost(x), target));
    },
  )(x);
}

/**
 * `(1 - m) log(1 + exp(-x)) + m exp(-x)` with `m = sigmoid(x / tau)`: the logistic loss of a right
 * order blends into the exponential one. For tau <= 1 the second term vanishes where exp(-x)
 * overflows.
 */
export function logisticExponentialBlend(x: Tensor1D, tau: number): Tensor1D {
  return elementwise(
    (x) => {
      const logistic = tf.mul(softplusOf(tf.neg(x)), sigmoidOf(tf.div(x, -tau)));
      return tf.add(logistic, weightedExponential(x, tau));
    },
    // With s = sigmoid(-x): -(1 - m) s - m (1 - m) / tau log(1 + exp(-x)) + m exp(-x) ((1 - m) / tau - 1)
    (x) => {
      const [m, rest] = [sigmoidOf(tf.div(x, tau)), sigmoidOf(tf.div(x, -tau))];
      const logistic = tf.mul(rest, sigmoidOf(tf.neg(x)));
      const bounded = atMost(x, Math.max(1, tau));
      const moved = tf.mul(tf.mul(tf.div(m, tau), rest), softplusOf(tf.neg(bounded)));
      const slope = tf.sub(tf.div(rest, tau), 1);
      return tf.sub(tf.mul(weightedExponential(x, tau), slope), tf.add(logistic, moved));
    },
  )(x);
}

/** `log(exp(a) + exp(b))`, elementwise; either may be -Infinity. */
export function logAddExp(a: Tensor1D, b: Tensor1D): Tensor1D {
  return tf.customGrad<Tensor1D>((...args) => {
    (args.at(-1) as GradSaveFunc)([tf.sub(a, b)]);
    const rest = tf.log1p(tf.exp(tf.neg(tf.abs(tf.sub(a, b)))));
    return {
      value: tf.add(tf.maximum(a, b), rest),
      gradFunc: (dy: Tensor1D, saved: Tensor[]) => {
        const difference = saved[0] as Tensor1D;
        return [tf.mul(dy, sigmoidOf(difference)), tf.mul(dy, sigmoidOf(tf.neg(difference)))];
      },
    };
  })(a, b);
}

/** The same numbers, without a gradient. */
export const stopGradient: Elementwise = elementwise(
  (x) => tf.clone(x),
  (x) => tf.zerosLike(x),
);

/**
 * The numbers in ascending order; equal ones keep theirs. The gradient goes back to where each
 * number came from.
 * @param x `[B]`, B below 2^24
 */
export function sortAscending(x: Tensor1D): Tensor1D {
  return tf.customGrad<Tensor1D>((...args) => {
    const save = args.at(-1) as GradSaveFunc;
    const order = ascendingOrder(x);
    save([order]);
    return {
      value: tf.gather(x, order),
      gradFunc: (dy: Tensor1D, saved: Tensor[]) => {
        const places = ascendingOrder(tf.cast(saved[0] as Tensor1D, "float32"));
        return [tf.gather(dy, places)];
      },
    };
  })(x);
}

/** Positions of the smallest, the second smallest, ... number. `[B] -> [B]` int32 */
function ascendingOrder(x: Tensor1D): Tensor1D {
  return tf.topk(tf.neg(x), x.shape[0], true).indices;
}

/** `exp(-x) sigmoid(x / tau)`, whose two factors would overflow and underflow. */
function weightedExponential(x: Tensor, tau: number): Tensor {
  const right = tf.neg(tf.relu(x));
  const wrong = tau === 1 ? right : tf.add(right, tf.mul(tf.relu(tf.neg(x)), 1 - 1 / tau));
  return tf.exp(tf.sub(wrong, tf.log1p(tf.exp(tf.div(tf.neg(tf.abs(x)), tau)))));
}

// exp(-110) is 0 in float32 already.
const DECAYED = 110;

/**
 * A bounded factor, for products with one that decays like `exp(-|x| / scale)`: they stay what they
 * are, but for infinity * 0.
 */
function atMost(x: Tensor, scale = 1): Tensor {
  return tf.clipByValue(x, -DECAYED * scale, DECAYED * scale);
}

function sigmoidOf<T extends Tensor>(x: T): T {
  const decay = tf.exp(tf.neg(tf.abs(x)));
  const larger = tf.reciprocal(tf.add(decay, 1));
  return tf.where(tf.greaterEqual(x, 0), larger, tf.mul(decay, larger)) as T;
}

function softplusOf(x: Tensor): Tensor {
  return tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));
}

/** A function with its own derivative. */
function elementwise(
  compute: (x: Tensor) => Tensor,
  differentiate: (x: Tensor) => Tensor,
): Elementwise {
  return <T extends Tensor>(x: T): T =>
    tf.customGrad<T>((...args) => {
      (args.at(-1) as GradSaveFunc)([x]);
      return {
        value: compute(x) as T,
        gradFunc: (dy: T, saved: Tensor[]) => [tf.mul(dy, differentiate(saved[0] as Tensor))],
      };
    })(x);
}
