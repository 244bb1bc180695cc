/** Where a study departs from the paper, setting by setting. */

import { completionsPerStep } from "../policy/methods/ppo-settings.ts";
import type { BackboneSettings } from "../policy/settings.ts";
import type { Deviation } from "../study/results.ts";
import type { SentimentSettings } from "./settings.ts";

/** What the paper does not say, or says in two ways: items that every table must have. */
export const UNSTATED: readonly string[] = [
  ...["SFT data", "length of training", "completion length", "sampling temperature", "ties"],
  ...["reward model training", "optimiser of PPO", "runs", "evaluation", "seeds"],
];

/** All departures of a study. */
export function deviationsOf(preset: string, settings: SentimentSettings): Deviation[] {
  const { backbone, preferences, rewardModel, direct, ppo, grid, evaluation, seeds } = settings;
  const { maxNewTokens } = settings;
  const budget = "the budget of a small machine";
  return [
    {
      item: "task",
      paper: "IMDb reviews, the probability of positive by a RoBERTa-large classifier",
      here: `preset ${preset}: a synthetic language of reviews whose gold reward is a formula`,
      why: "nothing to download, and the limit of the frontier can be computed",
    },
    {
      item: "backbone",
      paper: "GPT-2 large (774M parameters), fine-tuned on IMDb",
      here: describeBackbone(backbone),
      why: budget,
    },
    {
      item: "SFT data",
      paper: "a subset of the reviews, its size not stated; one epoch, or until convergence",
      here: `${backbone.texts} texts, ${describeLength(backbone)} of ${backbone.batchSize}`,
      why: "enough to know the language, which is checked before anything else runs",
    },
    {
      item: "preference data",
      paper: "4 completions of 25,000 prompts, up to 6 pairs each",
      here: `${preferences.completions} completions of ${preferences.prompts} prompts, all pairs`,
      why: budget,
    },
    {
      item: "ties",
      paper: "not stated",
      here: "pairs of equal gold reward are left out and counted",
      why: "they have no better completion",
    },
    {
      item: "completion length",
      paper: "not stated; about 60 tokens by the target KL per token",
      here: `at most ${maxNewTokens} tokens, ended by the policy itself before that`,
      why: budget,
    },
    {
      item: "sampling temperature",
      paper: "not stated",
      here: "1 everywhere, all tokens allowed",
      why: "KL and the limit are those of the policy itself only so",
    },
    {
      item: "reward model training",
      paper: "3 epochs, the rest not stated",
      here:
        `${rewardModel.epochs} epochs, AdamW at ${rewardModel.lr}, batches of ` +
        `${rewardModel.batchSize} pairs`,
      why: "chosen by accuracy on validation prompts",
    },
    {
      item: "optimiser of PPO",
      paper: "not stated, nor the passes over a batch; untuned: defaults of TRL at the time",
      here: "in the configuration of this report",
      why: "tuned on validation prompts; untuned only has a learning rate for a small model",
    },
    {
      item: "learning rate",
      paper: "1e-6 after 150 steps of warm-up, RMSprop",
      here: `${JSON.stringify(direct.lr)} after ${direct.warmupSteps} steps, RMSprop`,
      why: "a small model learns nothing at 1e-6; chosen on validation prompts",
    },
    {
      item: "length of training",
      paper: "until convergence, evaluated every 100 steps",
      here:
        `${direct.steps} steps of ${direct.batchSize} pairs, evaluated every ${direct.evalEvery}; ` +
        `PPO ${ppo.learned.steps} steps of rollouts, evaluated every ${ppo.learned.evalEvery}`,
      why: budget,
    },
    {
      item: "samples per step of PPO",
      paper: "1024",
      here: String(completionsPerStep(ppo.learned)),
      why: budget,
    },
    {
      item: "target KL of PPO",
      paper: "3, 6, 9, 12 nats, of completions of about 60 tokens",
      here: `${grid.targetKls.join(", ")} nats`,
      why: "scaled to the length of a completion here",
    },
    {
      item: "runs",
      paper: "22, whose split is not stated",
      here:
        `${grid.dpoBetas.length} DPO, ${grid.unlikelihoodAlphas.length} Unlikelihood, ` +
        `${grid.targetKls.length} each of PPO, PPO-GT and PPO-GT untuned, ${grid.preferredSeeds} ` +
        "Preferred-FT; IPO and cDPO beside them",
      why: "inferred from the sweeps that are stated",
    },
    {
      item: "evaluation",
      paper: "test prompts, how many is not stated",
      here: `${evaluation.samples} completions of ${evaluation.prompts} test prompts`,
      why: "stated so that intervals can be read",
    },
    {
      item: "seeds",
      paper: "not stated",
      here: String(seeds),
      why: seeds < 5 ? `${budget}; five or more with --seeds` : "intervals over seeds",
    },
  ];
}

function describeBackbone(backbone: BackboneSettings): string {
  return backbone.kind === "scratch"
    ? `${backbone.layers} layers of width ${backbone.width}, trained from scratch`
    : "a published model, fine-tuned";
}

function describeLength(backbone: BackboneSettings): string {
  return backbone.kind === "scratch"
    ? `${backbone.steps} steps`
    : `${backbone.epochs} epochs in steps`;
}
