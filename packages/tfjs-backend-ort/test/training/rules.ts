/** Small optimizers for tests of training steps; the real ones live in another package. */
import type { UpdateRule } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";

/** Heavy-ball momentum: one slot, one scalar. */
export const momentum: UpdateRule = {
  name: "momentum",
  slots: ["velocity"],
  scalars: (_step, lr) => ({ lr }),
  update: ({ param, grad, slots, scalars }) => {
    const velocity = tf.add(tf.mul(slots["velocity"] as tf.Tensor, 0.9), grad);
    return {
      param: tf.sub(param, tf.mul(velocity, scalars["lr"] as tf.Scalar)),
      slots: { velocity },
    };
  },
};

/** Reads the slot after its new value: right in one graph, wrong in place. */
export const readsTooLate: UpdateRule = {
  ...momentum,
  name: "late",
  update: ({ param, grad, slots }) => {
    const old = slots["velocity"] as tf.Tensor;
    return { param: tf.sub(param, tf.square(old)), slots: { velocity: tf.add(old, grad) } };
  },
};
