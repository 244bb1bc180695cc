/** How much is computed, in tokens and texts, whatever model computes it. */
import type { StudySettings } from "../settings.ts";

/** Some work. */
export interface Work {
  /** Forward and backward. */
  readonly trainTokens: number;
  /** Forward only, all tokens of a text at once. */
  readonly readTokens: number;
  /** One after the other. */
  readonly sampledTokens: number;
  /** Texts that the gold reward scores. */
  readonly goldTexts: number;
}

/** None. */
export const NO_WORK: Work = { trainTokens: 0, readTokens: 0, sampledTokens: 0, goldTexts: 0 };

/** The same several times. */
export function timesWork(times: number, work: Work): Work {
  return {
    trainTokens: times * work.trainTokens,
    readTokens: times * work.readTokens,
    sampledTokens: times * work.sampledTokens,
    goldTexts: times * work.goldTexts,
  };
}

/** Both. */
export function plusWork(a: Work, b: Work): Work {
  return {
    trainTokens: a.trainTokens + b.trainTokens,
    readTokens: a.readTokens + b.readTokens,
    sampledTokens: a.sampledTokens + b.sampledTokens,
    goldTexts: a.goldTexts + b.goldTexts,
  };
}

/**
 * One evaluation of a policy: completions of test and of validation prompts, read by policy and
 * reference, those of test prompts by the learned reward too, and held-out pairs, whose chosen texts
 * are read.
 */
export function evaluationWork({
  evaluation: { prompts, samples, pairs },
  maxNewTokens,
  backbone: { maxLength },
}: StudySettings): Work {
  const texts = prompts * samples;
  return {
    trainTokens: 0,
    readTokens: (5 * texts + pairs) * maxLength,
    sampledTokens: 2 * texts * maxNewTokens,
    goldTexts: 2 * texts,
  };
}

/** Texts of some prompts, each scored once. */
export function sampledWork(texts: number, { maxNewTokens }: StudySettings): Work {
  return { ...NO_WORK, sampledTokens: texts * maxNewTokens, goldTexts: texts };
}

/** All pairs, as often as the reward model learns from them. */
export function rewardWork(
  pairs: number,
  { rewardModel: { epochs }, backbone: { maxLength } }: StudySettings,
): Work {
  return { ...NO_WORK, trainTokens: epochs * pairs * 2 * maxLength };
}

/** All pairs under the reference, once for all methods. */
export function referenceWork(pairs: number, { backbone: { maxLength } }: StudySettings): Work {
  return { ...NO_WORK, readTokens: pairs * 2 * maxLength };
}

/** The completions that best-of-n chooses from, each read by the learned reward. */
export function poolWork(settings: StudySettings): Work {
  const { pool, evaluation, backbone } = settings;
  const texts = evaluation.prompts * pool.samples;
  return { ...sampledWork(texts, settings), readTokens: texts * backbone.maxLength };
}
