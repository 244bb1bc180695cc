/** Where the paper's setting departs from the paper, and what the paper leaves open. */

import { resolvedPpo } from "../../policy/estimate/run-work.ts";
import type { PretrainedBackbone } from "../../policy/settings.ts";
import type { Deviation } from "../../study/results.ts";
import { PROMPT_TOKENS } from "../imdb/prompts.ts";
import type { SentimentSettings } from "../settings.ts";
import type { PaperTask } from "./task.ts";

const SAME = "as the paper says";
const OPEN = "the paper leaves it open";

/** The table; these entries stand for those of the same names in ../deviations.ts. */
export function paperDeviations(task: PaperTask, settings: SentimentSettings): Deviation[] {
  return [...taskDeviations(task, settings), ...methodDeviations(settings)];
}

function taskDeviations(
  { model, reviews, prompts, textLength }: PaperTask,
  { backbone, preferences, evaluation, maxNewTokens }: SentimentSettings,
): Deviation[] {
  const { least, most } = PROMPT_TOKENS;
  const { batchSize, lr, epochs } = backbone as PretrainedBackbone;
  return [
    {
      item: "task",
      paper: "IMDb reviews, the probability of positive by a RoBERTa-large classifier",
      here: `the same, by default from ${reviews}; near duplicates of reviews are left out`,
      why: "what is tested on must not have been trained on",
    },
    {
      item: "backbone",
      paper: "GPT-2 large (774M parameters), fine-tuned on IMDb",
      here: model.kind === "hub" ? model.name : "a tiny random GPT-2, for a trial",
      why: model.kind === "hub" ? SAME : "shows that all parts work together, and nothing else",
    },
    {
      item: "SFT data",
      paper: "a subset of the reviews, its size not stated; one epoch, or until convergence",
      here:
        `${epochs} epoch of the training reviews in pieces of at most ${textLength} tokens, AdamW at ` +
        `${lr}, ${batchSize} texts a step; 6 % of the reviews are held out`,
      why: `${OPEN}; its appendix says one epoch`,
    },
    {
      item: "prompts",
      paper: `25,000 beginnings of reviews, ${least} to ${most} tokens`,
      here: `${prompts.train} different ones, of training reviews; a review may give two`,
      why: "many reviews begin alike, and the same prompt must not be in two parts",
    },
    {
      item: "preference data",
      paper: "4 completions of 25,000 prompts, up to 6 pairs each",
      here: `${preferences.completions} completions of ${preferences.prompts} prompts, all pairs`,
      why: SAME,
    },
    {
      item: "completion length",
      paper: "not stated; about 60 tokens by the target KL per token",
      here: `at most ${maxNewTokens} tokens, ended by the policy itself before that`,
      why: OPEN,
    },
    {
      item: "evaluation",
      paper: "every 100 steps on test prompts, how many is not stated",
      here: `${evaluation.samples} completions of ${evaluation.prompts} test prompts`,
      why: OPEN,
    },
  ];
}

function methodDeviations(settings: SentimentSettings): Deviation[] {
  const { rewardModel, direct, ppo, grid, seeds, maxNewTokens } = settings;
  const rates = [...new Set(Object.values(direct.lr))].join(", ");
  const samples = (name: keyof typeof ppo) =>
    resolvedPpo(ppo[name], maxNewTokens).rollout.completions;
  return [
    {
      item: "reward model training",
      paper: "3 epochs, best checkpoint on validation pairs; the rest not stated",
      here:
        `${rewardModel.epochs} epochs, AdamW at ${rewardModel.lr}, batches of ` +
        `${rewardModel.batchSize} pairs, the best of ${rewardModel.evaluations} checkpoints`,
      why: OPEN,
    },
    {
      item: "optimiser of PPO",
      paper: "not stated, nor the passes over a batch; untuned: defaults of TRL at the time",
      here: "the presets paper and trl-classic, which give the source of every number",
      why: "numbers of TRL wherever the paper has none",
    },
    {
      item: "learning rate",
      paper: "1e-6 after 150 steps of warm-up, RMSprop, batches of 64",
      here: `${rates} after ${direct.warmupSteps}, RMSprop, ${direct.batchSize}`,
      why: SAME,
    },
    {
      item: "length of training",
      paper: "until convergence, evaluated every 100 steps",
      here:
        `${direct.steps} steps, about an epoch of the pairs, evaluated every ${direct.evalEvery}; ` +
        `PPO ${ppo.learned.steps} steps of rollouts, evaluated every ${ppo.learned.evalEvery}`,
      why: "when training has converged is not stated; all evaluations are kept",
    },
    {
      item: "samples per step of PPO",
      paper: "1024; defaults of TRL where it is untuned",
      here: `${samples("learned")}; untuned ${samples("untuned")}`,
      why: SAME,
    },
    {
      item: "target KL of PPO",
      paper: "3, 6, 9, 12 nats, of completions of about 60 tokens",
      here: `${grid.targetKls.join(", ")} nats`,
      why: SAME,
    },
    {
      item: "seeds",
      paper: "not stated",
      here: String(seeds),
      why: "a run takes hours; more with --seeds",
    },
    {
      item: "precision",
      paper: "not stated",
      here: "float32, on an Ampere GPU multiplied as TensorFloat-32 by TensorFlow",
      why: "what TensorFlow.js computes in",
    },
  ];
}
