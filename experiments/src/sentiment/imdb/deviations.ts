/** Where the task of real reviews departs from the paper's. */
import type { Deviation } from "../../study/results.ts";
import { PROMPT_TOKENS } from "./prompts.ts";
import type { ImdbSettings } from "./settings.ts";

/** All departures of the task; those of methods are in ../deviations.ts. */
export function imdbDeviations({
  vocabulary,
  textLength,
  completionLength,
  classifier,
  prompts,
}: ImdbSettings): Deviation[] {
  const { least, most } = PROMPT_TOKENS;
  return [
    {
      item: "task",
      paper: "IMDb reviews and beginnings of them",
      here: "the same reviews, without those that nearly agree with another one",
      why: "what is tested on must not have been trained on",
    },
    {
      item: "gold reward",
      paper: "probability of positive by siebert/sentiment-roberta-large-english",
      here:
        `probability of positive by a logistic regression on 1 to ${classifier.features.longest} ` +
        "words in a row, trained on the labels of the training reviews and calibrated on held-out " +
        "ones; its accuracy and calibration on test reviews are among the results",
      why: "nothing to download, thousands of scores per second, and it knows how sure it can be",
    },
    {
      item: "prompts",
      paper: `${least} to ${most} tokens of GPT-2's vocabulary that a review begins with`,
      here:
        `${least} to ${most} tokens of a vocabulary of ${vocabulary} that was learned from the ` +
        `reviews, so fewer words; all different, ${prompts.test} of test reviews to choose from`,
      why: "a small model cannot have 50,000 tokens",
    },
    {
      item: "SFT data",
      paper: "a subset of the reviews, its size not stated; one epoch, or until convergence",
      here: `all training reviews in pieces of at most ${textLength} tokens, by a model that has seen nothing else`,
      why: "there is no pretrained model of this size to begin with",
    },
    {
      item: "completion length",
      paper: "not stated; about 60 tokens by the target KL per token",
      here: `${completionLength} tokens; reviews are longer, so hardly a completion ends by itself`,
      why: "the budget of a small machine",
    },
  ];
}
