/** Where the task of real dialogues departs from the paper's. */
import type { Deviation } from "../../study/results.ts";
import type { HhSettings } from "./settings.ts";

/** All departures of the task; those of methods are in ../deviations.ts. */
export function hhDeviations({ vocabulary, limits, shares, most }: HhSettings): Deviation[] {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const budget = "the budget of a small machine";
  return [
    {
      item: "task",
      paper: "Anthropic-HH, 161,000 pairs of replies that people compared",
      here:
        `rows of the same data, at most ${most.pairs.train} pairs to train on; pairs of more than ` +
        `${limits.pair} tokens are left out, so that replies are shorter`,
      why: budget,
    },
    {
      item: "split",
      paper: "as published",
      here:
        "by first question, near duplicates together, so that no question is in two parts: " +
        `${percent(shares.judge)} for the judge, ${percent(shares.validation)} for validation and, ` +
        `where no training data was published beside it, ${percent(shares.test)} for tests`,
      why: "neither the judge nor a test prompt may be known to a method",
    },
    {
      item: "backbone data",
      paper: "Pythia's, 300 billion tokens",
      here:
        "nothing but the training dialogues, both replies, with a vocabulary of " +
        `${vocabulary} that was learned from them`,
      why: "a pretrained model is not of this size; its replies are hardly English",
    },
    {
      item: "gold reward",
      paper: "none: GPT-4 compares replies with the chosen one",
      here:
        "probability that a reply is preferred to the chosen one, by a linear model of people's " +
        "choices on dialogues that no method sees; its agreement with people is among the results",
      why: "nothing to download and nobody to ask; it is weak, and no truth",
    },
    {
      item: "PPO on the gold reward",
      paper: "not in this experiment",
      here: "left out",
      why: "the gold reward is the judge itself: what is trained on it is not measured by it",
    },
    {
      item: "test prompts",
      paper: "the single-turn part of the test set",
      here:
        `the same part, where the chosen reply has at most ${limits.reply} tokens, as many as a reply ` +
        "of a policy may have; methods learn from dialogues of several turns, too",
      why: "against longer replies a judge would see little but the difference in length",
    },
    {
      item: "out of distribution",
      paper: "not in this experiment",
      here: "no prompts on new topics: helpful and harmless dialogues are in all parts",
      why: "leaving out one of them would halve what there is to learn from",
    },
  ];
}
