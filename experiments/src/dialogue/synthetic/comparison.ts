/** How replies of the embedded task are compared: with the chosen ones of its pairs, by gold scores. */
import {
  type Judge,
  type Judgement,
  judgementOf,
  NO_COST,
  type ReplyPair,
  type View,
} from "../../judges/judge.ts";
import { goldJudge } from "../../judges/score-judges.ts";
import type { ReplyComparison } from "../../policy/task.ts";
import { JUDGES, type JudgeSettings, NoisyJudge } from "./judges.ts";
import { chosenCompletion, type Labels } from "./preferences.ts";
import type { DialogueTask } from "./task.ts";

/** What decides the replies that others are compared with. */
export interface ComparisonSettings {
  readonly labels: Labels;
  /** Of the pairs. */
  readonly seed: number;
}

/**
 * Seeds of the noise of judges: two that are asked by a prompt each, and two people. None is the seed
 * of labels, so that no person has labelled the pairs.
 */
const NOISE = { simple: 1, concise: 2, people: [3, 4] } as const;

/** Names in results. */
const [SIMPLE, CONCISE, PERSON] = ["S (likes length)", "C (concise)", "person"] as const;

/** Comparison with the task's pairs. Those of new topics are drawn and labelled like the others. */
export function syntheticComparison(
  task: DialogueTask,
  { labels, seed }: ComparisonSettings,
): ReplyComparison {
  const { prompts, vocabulary } = task;
  const rivals = new Map<string | null, string>();
  const gold = goldJudge((prompt, reply) =>
    task.score(prompts.promptOf(prompt).asked, vocabulary.idsOf(reply)),
  );
  return {
    facts: {
      name: "gold",
      about:
        "The task's own gold score: the more helpful reply wins, equal scores tie. It makes no " +
        "mistakes, which no judge of real dialogues can do.",
    },
    judge: async () => ({ ...gold, dispose: () => {} }),
    rival: ({ text }) => {
      const known = rivals.get(text);
      if (known !== undefined) return known;
      const chosen = chosenCompletion(task, prompts.promptOf(text), labels, seed);
      const rival = vocabulary.tokenizer.decode(chosen.slice(0, -1));
      rivals.set(text, rival);
      return rival;
    },
    newTopics: prompts.draw("ood", prompts.count("ood"), seed),
    withExamples: (prompt, most) => prompts.fewShot(prompts.promptOf(prompt.text), seed, most),
    panel: {
      members: [
        { name: SIMPLE, judges: [textJudge(task, JUDGES.simple, NOISE.simple)] },
        { name: CONCISE, judges: [textJudge(task, JUDGES.concise, NOISE.concise)] },
        {
          name: PERSON,
          judges: NOISE.people.map((person) => textJudge(task, JUDGES.human, person)),
        },
        { name: gold.name, judges: [gold] },
      ],
      agreements: [
        ...[SIMPLE, CONCISE, PERSON].map((name) => [name, PERSON] as const),
        ...[SIMPLE, CONCISE].map((name) => [name, gold.name] as const),
      ],
    },
  };
}

/** A noisy judge that reads texts, and sees every pair in both orders. @param seed of its noise */
function textJudge(task: DialogueTask, settings: JudgeSettings, seed: number): Judge {
  const judge = new NoisyJudge(task, settings, seed);
  const { prompts, vocabulary } = task;
  const judgementFor = ({ prompt: text, reply, rival }: ReplyPair): Judgement => {
    if (reply === rival) return { preference: 0.5, views: [] };
    const prompt = prompts.promptOf(text);
    const [ours, theirs] = [vocabulary.idsOf(reply), vocabulary.idsOf(rival)];
    const view = (first: View["first"], verdict: number): View => {
      const choice = verdict === 0.5 ? "tie" : verdict === 1 ? "A" : "B";
      return { first, choice, comparison: "" };
    };
    return judgementOf([
      view("reply", judge.verdict(prompt, ours, theirs)),
      view("rival", judge.verdict(prompt, theirs, ours)),
    ]);
  };
  return {
    ...{ name: settings.name, cost: NO_COST },
    compare: async (pairs, signal) => {
      signal.throwIfAborted();
      return pairs.map(judgementFor);
    },
  };
}
