/** From rewards and values of rollouts to what an update needs. */

import { type Advantages, generalizedAdvantages } from "../advantages/gae.ts";
import { whiten } from "../statistics/whiten.ts";
import type { TokenNumbers } from "../token-numbers.ts";
import type { AdvantageSettings } from "./settings.ts";

/**
 * Advantages and returns of rollouts that are whitened together: a batch, or one of its minibatches.
 * Returns belong to the whitened rewards, where those are, but never to whitened advantages.
 */
export function rolloutAdvantages(
  rewards: TokenNumbers,
  values: TokenNumbers,
  { gamma, lambda, whitenRewards, whiten: over, variance }: AdvantageSettings,
): Advantages {
  const used = whitenRewards ? whiten(rewards, { variance, shiftMean: false }) : rewards;
  const { advantages, returns } = generalizedAdvantages(used, values, gamma, lambda);
  if (over === "none") return { advantages, returns };
  return { advantages: whiten(advantages, { variance, shiftMean: true }), returns };
}
