/** Where a study departs from the paper, setting by setting. */
import type { Deviation } from "../study/results.ts";
import type { DialogueSettings } from "./settings.ts";

/** All departures of a study. */
export function deviationsOf(preset: string, settings: DialogueSettings): Deviation[] {
  const { backbone, preferredFt, rewardModel, direct, evaluation, grid, maxNewTokens } = settings;
  const budget = "the budget of a small machine";
  return [
    {
      item: "task",
      paper: "Anthropic-HH, 161,000 pairs of replies that people compared",
      here: `preset ${preset}: made-up questions about made-up facts; a formula says how helpful`,
      why: "nothing to download, and how helpful a reply is can be computed",
    },
    {
      item: "backbone",
      paper: "Pythia-2.8B",
      here:
        backbone.kind === "scratch"
          ? `${backbone.layers} layers of width ${backbone.width}, trained from scratch`
          : "a published model, fine-tuned",
      why: budget,
    },
    {
      item: "reference",
      paper: "Preferred-FT, its training not stated",
      here: `Preferred-FT: ${preferredFt.epochs} epochs of chosen replies, AdamW at ${preferredFt.lr}`,
      why: "stated so that it can be repeated",
    },
    {
      item: "reward model training",
      paper: "for Best-of-128, not stated",
      here:
        `${rewardModel.epochs} epochs, AdamW at ${rewardModel.lr}, batches of ` +
        `${rewardModel.batchSize} pairs; it begins as the reference`,
      why: "chosen by accuracy on validation prompts",
    },
    {
      item: "learning rate",
      paper: "1e-6 after 150 steps of warm-up, RMSprop",
      here: `${JSON.stringify(direct.lr)} after ${direct.warmupSteps} steps, RMSprop`,
      why: "a small model learns nothing at 1e-6",
    },
    {
      item: "β",
      paper: "0.1",
      here: grid.dpoBetas.join(", "),
      why: "a frontier takes several",
    },
    {
      item: "PPO",
      paper: "a published model of another size, trained on the same data by others",
      here:
        `trained here, target KL ${grid.targetKls.join(", ")} nats` +
        `${grid.goldTargetKls.length > 0 ? "; PPO-GT beside it" : ""}`,
      why: "the same model, data and budget as DPO",
    },
    {
      item: "evaluation",
      paper: "the single-turn part of the test set, by GPT-4",
      here: `${evaluation.samples} replies to ${evaluation.prompts} test prompts, by the gold reward`,
      why: "stated so that intervals can be read",
    },
    {
      item: "completion length",
      paper: "not stated",
      here: `at most ${maxNewTokens} tokens, ended by the policy itself before that`,
      why: budget,
    },
  ];
}
