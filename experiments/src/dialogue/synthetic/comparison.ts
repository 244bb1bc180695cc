/** How replies of the embedded task are compared: with the chosen ones of its pairs, by gold scores. */
import { goldJudge } from "../../judges/score-judges.ts";
import type { ReplyComparison } from "../../policy/task.ts";
import { chosenCompletion, type Labels } from "./preferences.ts";
import type { DialoguePrompt } from "./prompts.ts";
import type { DialogueTask } from "./task.ts";

/** What decides the replies that others are compared with. */
export interface ComparisonSettings {
  readonly labels: Labels;
  /** Of the pairs. */
  readonly seed: number;
}

/** Comparison with the task's pairs. Those of new topics are drawn and labelled like the others. */
export function syntheticComparison(
  task: DialogueTask,
  { labels, seed }: ComparisonSettings,
): ReplyComparison {
  const { prompts, vocabulary } = task;
  const chosen = new Map<string, string>();
  const chosenFor = (prompt: DialoguePrompt) =>
    vocabulary.tokenizer.decode(chosenCompletion(task, prompt, labels, seed).slice(0, -1));
  return {
    facts: {
      name: "gold",
      about:
        "The task's own gold score: the more helpful reply wins, equal scores tie. It makes no " +
        "mistakes, which no judge of real dialogues can do.",
    },
    judge: async () => ({
      ...goldJudge((prompt, reply) => {
        const { asked } = prompts.promptOf(prompt);
        return task.score(asked, vocabulary.idsOf(reply));
      }),
      dispose: () => {},
    }),
    rival: ({ text }) => {
      const known = chosen.get(text ?? "") ?? chosenFor(prompts.promptOf(text));
      chosen.set(text ?? "", known);
      return known;
    },
    newTopics: prompts.draw("ood", prompts.count("ood"), seed),
    withExamples: (prompt, most) => prompts.fewShot(prompts.promptOf(prompt.text), seed, most),
    panel: null,
  };
}
