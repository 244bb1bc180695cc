/** RLOO and GRPO: reinforcement learning of a language model without a value function. */

import type { Snapshot, TrainablePolicy, TrainOutcome } from "@preflab/lm";
import { groupRelativeAdvantages } from "../advantages/group-relative.ts";
import { leaveOneOutAdvantages } from "../advantages/leave-one-out.ts";
import { grpoLoss } from "../losses/grpo-loss.ts";
import { rlooLoss } from "../losses/rloo-loss.ts";
import type { RunSettings } from "../rollouts/config.ts";
import { policyMeter, type ReferenceModel } from "../rollouts/measure.ts";
import { type MethodInputs, trainMethod } from "../rollouts/train-method.ts";
import type { RolloutHooks } from "../rollouts/train-rollouts.ts";
import { whiten } from "../statistics/whiten.ts";
import { rowSums } from "../token-numbers.ts";
import type { GrpoConfig, RlooConfig } from "./config.ts";
import { type CriticFreeParts, criticFreeMethod } from "./method.ts";

/**
 * Trains with REINFORCE and a baseline from the other completions of the prompt: Ahmadian et al.
 * 2024, Back to basics (arXiv:2402.14740), with the clipped ratios of TRL's RLOOTrainer. The
 * variables change in place.
 * @param resume a checkpoint whose values the variables already have
 * @throws as `trainMethod`
 */
export async function trainRloo(
  policy: TrainablePolicy,
  inputs: MethodInputs,
  config: RlooConfig,
  hooks: RolloutHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { optimizer, update, advantages, rollout } = config;
  const { samplesPerPrompt } = rollout;
  const method = methodOf(policy, inputs.reference, config, {
    ...{ name: "rloo", optimizer, update, samplesPerPrompt, meanOver: "completions" },
    rewards: ({ scores, kl, klWeight }) => {
      const divergences = rowSums(kl);
      return scores.map((score, i) => score - klWeight * (divergences[i] as number));
    },
    advantages: (rewards) => {
      const raw = leaveOneOutAdvantages(rewards, samplesPerPrompt);
      if (!advantages.whiten) return raw;
      const [whitened] = whiten([raw], { variance: "bessel", shiftMean: true });
      return whitened as Float64Array;
    },
    loss: (batch) => rlooLoss(batch, update.clipRange),
  });
  return trainMethod("trainRloo", policy, method, inputs, config, hooks, resume);
}

/**
 * Trains with advantages relative to the other completions of the prompt, and the divergence from
 * the reference as a part of the loss: Shao et al. 2024, DeepSeekMath (arXiv:2402.03300). The
 * variables change in place. `reward/mean` is the score less the weighted divergence here, too,
 * though rewards do not have it.
 * @param resume a checkpoint whose values the variables already have
 * @throws as `trainMethod`
 */
export async function trainGrpo(
  policy: TrainablePolicy,
  inputs: MethodInputs,
  config: GrpoConfig,
  hooks: RolloutHooks = {},
  resume?: Snapshot & { readonly name: string },
): Promise<TrainOutcome> {
  const { optimizer, update, rollout, kl } = config;
  const { samplesPerPrompt, maxNewTokens } = rollout;
  const method = methodOf(policy, inputs.reference, config, {
    ...{ name: "grpo", optimizer, update, samplesPerPrompt },
    meanOver: update.aggregation === "token_mean" ? "tokens" : "completions",
    rewards: ({ scores }) => scores,
    advantages: (rewards) => groupRelativeAdvantages(rewards, samplesPerPrompt, config.advantages),
    loss: (batch) =>
      grpoLoss(batch, { ...update, longest: maxNewTokens, klWeight: kl.weight, klLoss: kl.loss }),
  });
  const reported = { estimator: kl.loss, initial: kl.weight, target: null, horizon: 1 };
  const shared = { ...config, kl: reported };
  return trainMethod("trainGrpo", policy, method, inputs, shared, hooks, resume);
}

function methodOf(
  policy: TrainablePolicy,
  reference: ReferenceModel,
  { batchSize, maxLength, seed, rollout: { temperature } }: RunSettings,
  parts: CriticFreeParts,
): ReturnType<typeof criticFreeMethod> {
  const options = { batchSize, maxLength, seed, temperature };
  return criticFreeMethod(policy, policyMeter(policy, reference, options), parts, options);
}
