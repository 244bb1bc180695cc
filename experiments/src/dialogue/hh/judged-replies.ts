/**
 * The held-out judge's word on replies to prompts of the task: the gold reward, which is the
 * probability that a reply is preferred to the chosen one of the data, and the same as a judge.
 */
import { functionReward, type PolicyPrompt, type RewardFunction } from "@preflab/rlhf";
import { type Judge, JudgeError } from "../../judges/judge.ts";
import { learnedJudge } from "../../judges/score-judges.ts";
import type { JudgeFacts as ComparisonJudge } from "../../study/comparisons.ts";
import { sigmoid } from "../../text/logistic.ts";
import { judgeScore, type PreferenceJudge, preferenceOf } from "./judge.ts";
import type { Agreement, JudgeFacts } from "./judge-stage.ts";
import { criterionOf, type JudgedQuestion } from "./reply-features.ts";
import type { DialoguePrompt } from "./token-rows.ts";

/** What the judge is called in results. */
const NAME = "held-out preference judge";

/** Prompts with the replies that people chose. */
export interface ChosenReplies {
  /** The chosen reply. @throws Error for a prompt that is not the task's */
  of(prompt: Pick<PolicyPrompt, "ids">): string;
  /** A prompt by its ids. @throws Error for a prompt that is not the task's */
  promptOf(ids: ArrayLike<number>): DialoguePrompt;
}

/** Finds prompts by their ids. */
export function chosenReplies(prompts: Iterable<DialoguePrompt>): ChosenReplies {
  const known = new Map(Array.from(prompts, (prompt) => [prompt.ids.join(), prompt]));
  const promptOf = (ids: ArrayLike<number>) => {
    const prompt = known.get(Array.from(ids).join());
    if (prompt !== undefined) return prompt;
    throw new Error(
      `chosenReplies: expected one of the task's ${known.size} prompts, got another one of ` +
        `${ids.length} tokens.`,
    );
  };
  return { of: ({ ids }) => promptOf(ids).chosen, promptOf };
}

/**
 * The gold reward.
 * @param textOf text of a completion without EOS
 */
export function judgedReward(
  judge: PreferenceJudge,
  chosen: ChosenReplies,
  textOf: (completionIds: ArrayLike<number>) => string,
): RewardFunction {
  return functionReward(NAME, ({ promptIds, completionIds }) => {
    const prompt = chosen.promptOf(promptIds);
    const reply = textOf(completionIds).trim();
    return sigmoid(preferenceOf(judge, questionOf(prompt), reply, prompt.chosen));
  });
}

/**
 * The judge that counts wins: of two replies it takes the one that people would more likely prefer,
 * which is the word that its agreement with people was measured on. It knows the task's prompts by
 * their texts, since what people were asked to choose by is not in a text.
 * @param prompts of one question, all texts different
 */
export function replyJudgeOf(
  judge: PreferenceJudge,
  prompts: Iterable<DialoguePrompt>,
): Judge & { dispose(): void } {
  const questions = new Map(Array.from(prompts, (prompt) => [prompt.text, questionOf(prompt)]));
  const scored = learnedJudge(NAME, "sign", (replies) =>
    replies.map(({ prompt, reply }) => {
      const question = questions.get(prompt);
      if (question !== undefined) return judgeScore(judge, question, reply.trim());
      throw new JudgeError(`judge ${NAME}: expected one of the task's questions, got "${prompt}".`);
    }),
  );
  // It holds nothing but numbers.
  return { ...scored, dispose: () => {} };
}

/** What results say of the judge. */
export function judgeWords({ agreement, trainPairs }: JudgeFacts): ComparisonJudge {
  const { mean, low, high, pairs: count } = agreement.all;
  return {
    name: NAME,
    about:
      `A linear model of words and length, trained on ${trainPairs} choices of people that no method ` +
      `has seen. It agrees with people on ${shareText(agreement.all)} of ${count} held-out pairs, ` +
      `where a coin has 50 % and the longer reply ${shareText(agreement.longer)}: it is weak, and ` +
      "what it prefers is not always what people would.",
    accuracy: { mean, low, high, count },
  };
}

function shareText({ mean, low, high }: Agreement): string {
  const percent = (share: number) => (100 * share).toFixed(1);
  return `${percent(mean)} % [${percent(low)}, ${percent(high)}]`;
}

function questionOf({ text, meta }: DialoguePrompt): JudgedQuestion {
  return { question: text, criterion: criterionOf(meta.source) };
}
