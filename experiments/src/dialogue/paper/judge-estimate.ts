/** What a service that judges would be asked in a study, and what that costs by stated prices. Pure. */
import type { EndpointSettings } from "../../judges/settings.ts";
import { replyPolicies } from "../../policy/comparison/policies.ts";
import type { RunSpec } from "../../policy/methods/method.ts";
import { PREFERRED_FT } from "../../policy/stages/preferred-ft.ts";
import type { JudgeEstimate } from "../../study/estimate.ts";
import type { HhSettings } from "../hh/settings.ts";
import type { DialogueSettings } from "../settings.ts";

/** Tokens of the question without its texts, and of an answer: counted by hand, generously. */
const QUESTION_TOKENS = 250;
const ANSWER_TOKENS = 80;

const MILLION = 1e6;

/** Replies that a study has judged, by what for. */
export interface JudgedReplies {
  /** At every evaluation of every run. */
  readonly training: number;
  /** All that best-of-n chooses from. */
  readonly pool: number;
  /** Of finished policies, at every temperature. */
  readonly finished: number;
}

/** How many replies are judged. Those at temperature 0 are one of each prompt. */
export function judgedReplies(
  settings: DialogueSettings,
  specs: readonly RunSpec[],
): JudgedReplies {
  const { evaluation, pool, comparison } = settings;
  const { prompts, samples } = evaluation;
  const evaluations = specs.reduce((sum, { settings: method }) => {
    if (!("training" in method)) return sum + 1;
    const { steps, evalEvery } = method.training;
    return sum + Math.floor(steps / evalEvery) + 1;
  }, 0);
  const policies = replyPolicies({ settings, reference: PREFERRED_FT }, specs);
  const finished = policies.reduce((sum, { mode }) => {
    const perPrompt = (comparison?.temperatures ?? []).map((temperature) =>
      temperature === 0 || mode === "best-of-n" ? 1 : (comparison?.samples ?? 0),
    );
    return sum + prompts * perPrompt.reduce((all, count) => all + count, 0);
  }, 0);
  return {
    training: evaluations * prompts * samples,
    pool: prompts * pool.samples,
    finished,
  };
}

/**
 * Requests, tokens and money, were all texts as long as they may be.
 * @param humanPairs pairs of people, which are asked about in both orders
 */
export function judgeEstimate(
  settings: DialogueSettings,
  specs: readonly RunSpec[],
  { limits }: Pick<HhSettings, "limits">,
  { model, order, prices }: EndpointSettings,
  humanPairs: number,
): JudgeEstimate {
  const { training, pool, finished } = judgedReplies(settings, specs);
  const orders = order === "both" ? 2 : 1;
  const requests = orders * (training + pool + finished) + 2 * humanPairs;
  const promptTokens = requests * (QUESTION_TOKENS + limits.prompt + 2 * limits.reply);
  const completionTokens = requests * ANSWER_TOKENS;
  const money = (promptTokens * prices.prompt + completionTokens * prices.completion) / MILLION;
  return { model, requests, promptTokens, completionTokens, prices, money };
}
