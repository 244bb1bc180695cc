/** A reference that follows the policy (TR-DPO). */

import { type Params, trainableParameters, type Variables } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";

/** A reference whose parameters are variables of their own. */
export interface FollowingReference {
  /** What a checkpoint must hold beside the policy, by names that begin with `reference.`. */
  readonly variables: Variables;
  readonly params: Params;
  /** Makes the reference `mix policy + (1 - mix) reference`. */
  follow(policy: Params, mix: number): void;
}

/** A reference that begins as a copy of `start`. The caller disposes its variables. */
export function followingReference(start: Params): FollowingReference {
  // Of their own data: to a compiled program, a tensor that shares a variable's is that variable.
  const params = trainableParameters(start);
  const variables = Object.fromEntries(
    Object.entries(params).map(([name, variable]) => [`reference.${name}`, variable]),
  );
  const follow = (policy: Params, mix: number) => {
    for (const [name, variable] of Object.entries(params)) {
      const next = tf.tidy(() =>
        tf.add(tf.mul(policy[name] as tf.Tensor, mix), tf.mul(variable, 1 - mix)),
      );
      variable.assign(next);
      next.dispose();
    }
  };
  return { variables, params, follow };
}
