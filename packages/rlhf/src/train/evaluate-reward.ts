/** Numbers of a reward model on pairs that it is not trained on, of prompts that it has not seen. */

import type { TokenizedPair } from "@preflab/data";
import type { TrainablePolicy } from "@preflab/lm";
import { calibration } from "../reward/calibration.ts";
import { rewardScores } from "../reward/reward-model.ts";
import { type ScorerOptions, scorer } from "../reward/scorer.ts";
import { pairTexts } from "./train-reward.ts";

/** Evaluates the model it was made with. */
export interface RewardEvaluator {
  /**
   * Over all pairs, by names that begin with `eval/`: `loss` (Bradley-Terry, without margins and
   * centering), `accuracy` (ties are wrong), `margin`, `calibration_error`, and moments of rewards.
   */
  evaluate(): Promise<Record<string, number>>;
  dispose(): void;
}

/** Evaluates a model of one label, for `TrainHooks.evaluate`. */
export function rewardEvaluator(
  { config, parameters }: TrainablePolicy,
  pairs: readonly TokenizedPair[],
  options: ScorerOptions,
): RewardEvaluator {
  const model = scorer((ids, mask) => rewardScores(config, parameters(), ids, mask), options);
  const texts = pairTexts(pairs);
  const evaluate = async () => {
    const chosen = await model.score(texts.chosen);
    const rejected = await model.score(texts.rejected);
    return pairMetrics(chosen, rejected);
  };
  return { evaluate, dispose: () => model.dispose() };
}

/** What rewards of pairs say of the model that gave them. */
export function pairMetrics(chosen: Float64Array, rejected: Float64Array): Record<string, number> {
  const margins = chosen.map((reward, i) => reward - (rejected[i] as number));
  const rewards = [...chosen, ...rejected];
  return {
    // log(1 + exp(-m)), also where exp(-m) is infinite
    "eval/loss": mean(margins.map((m) => Math.max(0, -m) + Math.log1p(Math.exp(-Math.abs(m))))),
    "eval/accuracy": mean(margins.map((m) => Number(m > 0))),
    "eval/margin": mean(margins),
    "eval/calibration_error": calibration(margins).error,
    "eval/min_reward": Math.min(...rewards),
    "eval/mean_reward": mean(rewards),
    "eval/max_reward": Math.max(...rewards),
  };
}

function mean(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, x) => sum + x, 0) / numbers.length;
}
