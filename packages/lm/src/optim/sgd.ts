/** Stochastic gradient descent with heavy-ball momentum, as torch.optim.SGD (no dampening). */
import { add, mul, type Scalar, sub, type Tensor } from "@tensorflow/tfjs-core";
import { checkRange, type OptimizerRule } from "./rule.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Default 0: no momentum buffer is kept. */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/** velocity = momentum * velocity + grad; param -= lr * velocity. */
export function sgd({ momentum = 0, weightDecay = 0 }: SgdOptions = {}): OptimizerRule {
  checkRange("sgd", "momentum", momentum, 0, Number.POSITIVE_INFINITY);
  checkRange("sgd", "weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  return {
    name: "sgd",
    slots: momentum > 0 ? ["velocity"] : [],
    scalars: (_step, lr) => ({ lr }),
    update: ({ param, grad, slots, scalars }) => {
      const penalised = weightDecay > 0 ? add(grad, mul(param, weightDecay)) : grad;
      const lr = scalars["lr"] as Scalar;
      if (momentum === 0) return { param: sub(param, mul(penalised, lr)), slots: {} };
      const velocity = add(mul(slots["velocity"] as Tensor, momentum), penalised);
      return { param: sub(param, mul(velocity, lr)), slots: { velocity } };
    },
  };
}
