/**
 * Adam and its two common variants. The state is kept without the factors (1 - beta): `mean` is
 * m / (1 - beta1) and `square` is v / (1 - beta2) of the paper, which saves two passes over the
 * parameters; the factors go into the step's scalars.
 *
 * Kingma and Ba 2015 (arXiv:1412.6980), Algorithm 1; Loshchilov and Hutter 2019 (arXiv:1711.05101),
 * Algorithm 2, for decoupled decay.
 */
import { add, div, mul, type Scalar, sqrt, sub, type Tensor } from "@tensorflow/tfjs-core";
import { checkRange, type OptimizerRule, type RuleInputs } from "./rule.ts";

/** Options of {@link adamw} and {@link adamL2}. */
export interface AdamOptions {
  /** Decay rates of the two moments; default [0.9, 0.999], in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; default 1e-8. */
  readonly eps?: number;
  /** Weight decay; default 0. */
  readonly weightDecay?: number;
}

const SLOTS = ["mean", "square"] as const;

/** torch.optim.AdamW: decay shrinks the parameter by `lr * weightDecay` beside the Adam step. */
export function adamw(options: AdamOptions = {}): OptimizerRule {
  const { betas, eps, weightDecay } = resolve("adamw", options);
  return {
    name: "adamw",
    slots: SLOTS,
    scalars: (step, lr) => ({
      ...corrected(step, lr, betas),
      ...(weightDecay > 0 && { decay: 1 - lr * weightDecay }),
    }),
    update: (inputs) => {
      const slots = moments(inputs.grad, inputs, betas);
      const { decay } = inputs.scalars;
      const param = decay ? mul(inputs.param, decay) : inputs.param;
      return { param: sub(param, change(slots, inputs.scalars, eps)), slots };
    },
  };
}

/** torch.optim.Adam: decay is an L2 penalty, `weightDecay * param` added to the gradient. */
export function adamL2(options: AdamOptions = {}): OptimizerRule {
  const { betas, eps, weightDecay } = resolve("adamL2", options);
  return {
    name: "adamL2",
    slots: SLOTS,
    scalars: (step, lr) => corrected(step, lr, betas),
    update: (inputs) => {
      const grad = weightDecay > 0 ? add(inputs.grad, mul(inputs.param, weightDecay)) : inputs.grad;
      const slots = moments(grad, inputs, betas);
      return { param: sub(inputs.param, change(slots, inputs.scalars, eps)), slots };
    },
  };
}

/**
 * TensorFlow 1's Adam ("epsilon hat", the paper's section 2): eps is added to the root of the
 * second moment before its bias is corrected. Used by lm-human-preferences.
 */
export function adamEpsilonHat(options: Omit<AdamOptions, "weightDecay"> = {}): OptimizerRule {
  const { betas, eps } = resolve("adamEpsilonHat", options);
  const [beta1, beta2] = betas;
  return {
    name: "adamEpsilonHat",
    slots: SLOTS,
    scalars: (step, lr) => ({
      scale: ((lr * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step)) * (1 - beta1),
      root: Math.sqrt(1 - beta2),
    }),
    update: (inputs) => {
      const slots = moments(inputs.grad, inputs, betas);
      return { param: sub(inputs.param, change(slots, inputs.scalars, eps)), slots };
    },
  };
}

type Moments = Readonly<Record<(typeof SLOTS)[number], Tensor>>;

function resolve(where: string, options: AdamOptions): Required<AdamOptions> {
  const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  checkRange(where, "betas[0]", betas[0], 0, 1);
  checkRange(where, "betas[1]", betas[1], 0, 1);
  checkRange(where, "eps", eps, 0, Number.POSITIVE_INFINITY);
  checkRange(where, "weightDecay", weightDecay, 0, Number.POSITIVE_INFINITY);
  return { betas, eps, weightDecay };
}

/** Scalars with both moments corrected for their start at zero. */
function corrected(
  step: number,
  lr: number,
  [beta1, beta2]: readonly [number, number],
): Record<"scale" | "root", number> {
  return {
    scale: (lr * (1 - beta1)) / (1 - beta1 ** step),
    root: Math.sqrt((1 - beta2) / (1 - beta2 ** step)),
  };
}

function moments(
  grad: Tensor,
  { slots }: RuleInputs,
  [beta1, beta2]: readonly [number, number],
): Moments {
  return {
    mean: add(mul(slots["mean"] as Tensor, beta1), grad),
    square: add(mul(slots["square"] as Tensor, beta2), mul(grad, grad)),
  };
}

/** What is subtracted from the parameter: scale * mean / (root * sqrt(square) + eps). */
function change(
  { mean, square }: Moments,
  scalars: Readonly<Record<string, Scalar>>,
  eps: number,
): Tensor {
  const denominator = add(mul(sqrt(square), scalars["root"] as Scalar), eps);
  return mul(div(mean, denominator), scalars["scale"] as Scalar);
}
