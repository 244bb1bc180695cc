/**
 * What objectives compare: log-ratios of policy and reference, their scores under a divergence
 * other than the reverse KL, and numbers per token.
 */

import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { logSigmoid, saturatingExpm1 } from "./numerics.ts";
import type { PairLogps } from "./objective.ts";
import { boolean, choice, number, type OptionSpec } from "./options.ts";

/** Divergence of the policy from the reference that bounds the reward. */
export type Divergence = "reverse_kl" | "forward_kl" | "js" | "alpha";

/** Strength of the bond to the reference, or the reward's temperature. */
export const BETA: OptionSpec<number> = number(0.1, { above: 0 });

/** Share of labels taken for wrong. */
export const LABEL_SMOOTHING: OptionSpec<number> = number(0, { from: 0, below: 0.5 });

/** Option of objectives on log-ratios. */
export interface RatioOptions {
  /** Count every reference log-probability as 0. */
  readonly referenceFree: boolean;
}

/** Options of objectives on scores. */
export interface ScoreOptions extends RatioOptions {
  readonly divergence: Divergence;
  /** Order of the alpha divergence; 1 is the reverse, 0 the forward KL. Not used by the others. */
  readonly divergenceAlpha: number;
}

/** Declaration of {@link RatioOptions}. */
export const RATIO_OPTIONS: { readonly referenceFree: OptionSpec<boolean> } = {
  referenceFree: boolean(false),
};

/** Declaration of {@link ScoreOptions}. */
export const SCORE_OPTIONS: {
  readonly divergence: OptionSpec<Divergence>;
  readonly divergenceAlpha: OptionSpec<number>;
  readonly referenceFree: OptionSpec<boolean>;
} = {
  divergence: choice<Divergence>("reverse_kl", ["reverse_kl", "forward_kl", "js", "alpha"], {
    js_divergence: "js",
    alpha_divergence: "alpha",
  }),
  divergenceAlpha: number(0.5, { from: 0, to: 10 }),
  ...RATIO_OPTIONS,
};

/** A number for each response of a pair, `[B]` each. */
export interface PairNumbers {
  readonly chosen: Tensor1D;
  readonly rejected: Tensor1D;
}

/** `log(policy / reference)` of both responses. */
export function logRatios(logps: PairLogps, { referenceFree }: RatioOptions): PairNumbers {
  if (referenceFree) {
    return { chosen: logps.policyChosenLogps, rejected: logps.policyRejectedLogps };
  }
  return {
    chosen: tf.sub(logps.policyChosenLogps, logps.referenceChosenLogps),
    rejected: tf.sub(logps.policyRejectedLogps, logps.referenceRejectedLogps),
  };
}

/**
 * `f'(policy / reference)` of both responses, f being the divergence: Wang et al. 2023
 * (arXiv:2309.16240). It is 0 where both models agree: constants do not cancel in objectives that
 * weigh the two responses differently.
 */
export function scores(logps: PairLogps, options: ScoreOptions): PairNumbers {
  const { chosen, rejected } = logRatios(logps, options);
  return { chosen: scoreOf(chosen, options), rejected: scoreOf(rejected, options) };
}

/** Score of the chosen response less that of the rejected one, the `h` of DPO. `[B]` */
export function scoreMargin(logps: PairLogps, options: ScoreOptions): Tensor1D {
  const { chosen, rejected } = scores(logps, options);
  return tf.sub(chosen, rejected);
}

/** Numbers of whole responses, by their tokens. `[B]` each */
export function perToken({ chosen, rejected }: PairNumbers, logps: PairLogps): PairNumbers {
  return {
    chosen: tf.div(chosen, countsOf(logps.chosenLengths)),
    rejected: tf.div(rejected, countsOf(logps.rejectedLengths)),
  };
}

/** Log-probabilities of the policy alone. */
export function policyLogps(logps: PairLogps): PairNumbers {
  return { chosen: logps.policyChosenLogps, rejected: logps.policyRejectedLogps };
}

function countsOf(lengths: Tensor1D): Tensor1D {
  return tf.maximum(tf.cast(lengths, "float32"), 1);
}

function scoreOf(logRatio: Tensor1D, { divergence, divergenceAlpha }: ScoreOptions): Tensor1D {
  switch (divergence) {
    case "reverse_kl":
      return logRatio;
    case "forward_kl": // 1 - reference / policy
      return tf.neg(saturatingExpm1(tf.neg(logRatio)));
    case "js": // log(2 policy / (policy + reference))
      return tf.add(logSigmoid(logRatio), Math.LN2);
    case "alpha": {
      // ((policy / reference)^(alpha - 1) - 1) / (alpha - 1)
      const order = divergenceAlpha - 1;
      return order === 0 ? logRatio : tf.div(saturatingExpm1(tf.mul(logRatio, order)), order);
    }
  }
}
