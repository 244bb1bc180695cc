/** Where the paper's setting departs from the paper, and what the paper leaves open. */
import type { EndpointSettings } from "../../judges/settings.ts";
import { resolvedPpo } from "../../policy/estimate/run-work.ts";
import type { Deviation } from "../../study/results.ts";
import type { DialogueSettings } from "../settings.ts";
import type { PaperTask } from "./source.ts";

const SAME = "as the paper says";
const OPEN = "the paper leaves it open";

/** The table; these entries stand for those of the same names in other tables. */
export function paperDeviations(
  task: PaperTask,
  settings: DialogueSettings,
  judge: EndpointSettings,
): Deviation[] {
  return [
    ...taskDeviations(task),
    ...judgeDeviations(settings, judge),
    ...methodDeviations(settings),
  ];
}

function taskDeviations({ model, dialogues, hh: { limits, most } }: PaperTask): Deviation[] {
  return [
    {
      item: "task",
      paper: "Anthropic-HH, 161,000 pairs of replies that people compared",
      here:
        `the same, by default from ${dialogues}, at most ${most.pairs.train} pairs to train on; a ` +
        `prompt with a reply of more than ${limits.pair} tokens loses its oldest turns, or is left out`,
      why: "replies are never cut: what they were preferred for may be at their end",
    },
    {
      item: "backbone",
      paper: "Pythia-2.8B",
      here: model.kind === "hub" ? model.name : "a tiny random GPT-NeoX, for a trial",
      why: model.kind === "hub" ? SAME : "shows that all parts work together, and nothing else",
    },
    {
      item: "backbone data",
      paper: "as published",
      here: "as published; spare rows of its embedding, which no token has, are left out",
      why: "what is sampled must have a text",
    },
    {
      item: "dialogues as text",
      paper: "transcripts with Human: and Assistant:",
      here: "the same, behind the token that begins and ends texts",
      why: "it is what the model has met before texts; released code has none there",
    },
  ];
}

function judgeDeviations(
  { evaluation, comparison }: DialogueSettings,
  { model, prompt, order }: EndpointSettings,
): Deviation[] {
  return [
    {
      item: "judge",
      paper: "gpt-4-0314",
      here:
        `${model}, the question ${prompt} in words of our own, answers as JSON, ties half; or another ` +
        "service, see PREFLAB_JUDGE",
      why: "the paper's model is not offered any more",
    },
    {
      item: "order of replies",
      paper: "one, drawn at random",
      here:
        `${order === "both" ? "both, averaged" : "one, drawn at random"}; both where the judge is ` +
        "measured against people",
      why: order === "both" ? "what it gives to a place adds up to nothing" : SAME,
    },
    {
      item: "gold reward",
      paper: "none: GPT-4 compares replies with the chosen one",
      here:
        "win rates are the judge's; beside them a reward for every sample: the probability that it is " +
        "preferred to the chosen reply, by a linear model of people's choices on dialogues that no " +
        "method sees, whose agreement with people is among the results",
      why: "asking a service about every sample costs too much; it is weak, and no truth",
    },
    {
      item: "evaluation",
      paper: "the single-turn part of the test set; how many of it is not stated",
      here:
        `${evaluation.prompts} prompts of it, at temperatures ` +
        `${comparison?.temperatures.join(", ") ?? "1"}; while training at temperature 1`,
      why: OPEN,
    },
  ];
}

function methodDeviations(settings: DialogueSettings): Deviation[] {
  const { preferredFt, rewardModel, direct, grid, ppo, pool, maxNewTokens, seeds } = settings;
  const [rate = Number.NaN] = Object.values(direct.lr);
  const { rollout } = resolvedPpo(ppo.learned, maxNewTokens);
  return [
    {
      item: "reference",
      paper: "Preferred-FT, its training not stated",
      here:
        `Preferred-FT: ${preferredFt.epochs} epoch of chosen replies, AdamW at ${preferredFt.lr}, ` +
        `${preferredFt.batchSize} a step`,
      why: OPEN,
    },
    {
      item: "reward model training",
      paper: "for Best-of-128, not stated",
      here:
        `${rewardModel.epochs} epoch, AdamW at ${rewardModel.lr}, batches of ` +
        `${rewardModel.batchSize} pairs; it begins as the reference`,
      why: OPEN,
    },
    {
      item: "learning rate",
      paper: "1e-6 after 150 steps of warm-up, RMSprop, batches of 64",
      here: `${rate} after ${direct.warmupSteps}, RMSprop, ${direct.batchSize}`,
      why: rate === 1e-6 ? SAME : "a small model and fewer steps: at 1e-6 it would hardly move",
    },
    {
      item: "length of training",
      paper: "not stated; released code has one epoch",
      here: `${direct.steps} steps, about an epoch, evaluated every ${direct.evalEvery}`,
      why: OPEN,
    },
    { item: "β", paper: "0.1", here: grid.dpoBetas.join(", "), why: SAME },
    {
      item: "PPO",
      paper: "a published model of 6B parameters, trained on the same data by others",
      here:
        `trained here, target KL ${grid.targetKls.join(", ")} nats, ${ppo.learned.steps} steps of ` +
        `${rollout.completions} completions`,
      why: "the same model and data as DPO",
    },
    {
      item: "samples per step of PPO",
      paper: "not stated, since its PPO was trained by others",
      here: String(rollout.completions),
      why: OPEN,
    },
    {
      item: "best-of-N",
      paper: "N = 128, by a reward model that is not described",
      here: `N up to ${Math.max(...pool.ns)}, by the learned reward`,
      why: "the same reward model as PPO",
    },
    {
      item: "completion length",
      paper: "not stated",
      here: `at most ${maxNewTokens} tokens, ended by the policy itself before that`,
      why: OPEN,
    },
    { item: "seeds", paper: "not stated", here: String(seeds), why: "more with --seeds" },
    {
      item: "precision",
      paper: "not stated",
      here: "float32, on a GPU multiplied as TensorFloat-32 by TensorFlow",
      why: "what TensorFlow.js computes in",
    },
  ];
}
