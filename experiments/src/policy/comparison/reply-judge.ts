/** A task's judge with the replies that it compares others with. */
import type { PolicyPrompt } from "@preflab/rlhf";
import type { ReplyComparison } from "../task.ts";

/** A reply of a policy. */
export interface Reply {
  /** One of the task's, without examples. */
  readonly prompt: PolicyPrompt;
  /** Without EOS. */
  readonly text: string;
}

/** Compares replies of policies with those of the data. */
export interface ReplyJudge {
  /** From 0 to 1 for each reply; null where the judge was not understood. */
  preferences(replies: readonly Reply[]): Promise<(number | null)[]>;
  dispose(): void;
}

/** Opens the judge of a task. @param signal ends what it is asked */
export async function replyJudge(
  comparison: ReplyComparison,
  signal: AbortSignal,
): Promise<ReplyJudge> {
  const judge = await comparison.judge();
  return {
    preferences: async (replies) => {
      const pairs = replies.map(({ prompt, text }) => {
        return { prompt: prompt.text ?? "", reply: text, rival: comparison.rival(prompt) };
      });
      const judgements = await judge.compare(pairs, signal);
      return judgements.map(({ preference }) => preference);
    },
    dispose: () => judge.dispose(),
  };
}
