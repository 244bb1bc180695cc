/** RMSprop as torch.optim.RMSprop defines it: eps is added outside the root. */
import { add, div, mul, type Scalar, sqrt, sub, type Tensor } from "@tensorflow/tfjs-core";
import { checkRange, type OptimizerRule, type RuleInputs, type RuleOutputs } from "./rule.ts";

/** Options of {@link rmsprop}; the defaults are torch's, which the DPO reference code uses. */
export interface RmspropOptions {
  /** Decay rate of the mean square; default 0.99, in [0, 1). */
  readonly alpha?: number;
  /** Added to the root; default 1e-8. */
  readonly eps?: number;
  /** Default 0: no momentum buffer is kept. */
  readonly momentum?: number;
  /** Divide by the standard deviation instead of the root mean square; default false. */
  readonly centered?: boolean;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/** Hinton's RMSprop (Coursera lecture 6e, 2012); `centered` after Graves 2013 (arXiv:1308.0850). */
export function rmsprop(options: RmspropOptions = {}): OptimizerRule {
  const { alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, weightDecay = 0 } = options;
  checkRange("rmsprop", "alpha", alpha, 0, 1);
  checkRange("rmsprop", "eps", eps, 0, Number.POSITIVE_INFINITY);
  checkRange("rmsprop", "momentum", momentum, 0, Number.POSITIVE_INFINITY);
  checkRange("rmsprop", "weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  const resolved = { alpha, eps, momentum, centered, weightDecay };
  return {
    name: "rmsprop",
    slots: ["square", ...(centered ? ["mean"] : []), ...(momentum > 0 ? ["velocity"] : [])],
    scalars: (_step, lr) => ({ lr }),
    update: (inputs) => update(inputs, resolved),
  };
}

function update(inputs: RuleInputs, options: Required<RmspropOptions>): RuleOutputs {
  const { alpha, eps, momentum, centered, weightDecay } = options;
  const { param, slots, scalars } = inputs;
  const grad = weightDecay > 0 ? add(inputs.grad, mul(param, weightDecay)) : inputs.grad;
  const average = (slot: string, x: Tensor): Tensor =>
    add(mul(slots[slot] as Tensor, alpha), mul(x, 1 - alpha));
  const square = average("square", mul(grad, grad));
  const next: Record<string, Tensor> = { square };
  let variance = square;
  if (centered) {
    const mean = average("mean", grad);
    next["mean"] = mean;
    variance = sub(square, mul(mean, mean));
  }
  let direction = div(grad, add(sqrt(variance), eps));
  if (momentum > 0) {
    direction = add(mul(slots["velocity"] as Tensor, momentum), direction);
    next["velocity"] = direction;
  }
  return { param: sub(param, mul(direction, scalars["lr"] as Scalar)), slots: next };
}
