/** Where a study departs from the paper, setting by setting. */
import { completionsPerStep } from "../policy/methods/ppo-settings.ts";
import type { Deviation } from "../study/results.ts";
import type { DialogueSettings } from "./settings.ts";

/** Items that the paper leaves open, all of which the table must have. */
export const UNSTATED: readonly string[] = [
  ...["reference", "length of training", "completion length", "reward model training"],
  ...["evaluation", "best-of-N", "seeds"],
];

/** All departures of a study. */
export function deviationsOf(preset: string, settings: DialogueSettings): Deviation[] {
  const { backbone, preferredFt, rewardModel, direct, evaluation, grid, maxNewTokens } = settings;
  const { comparison, pool, ppo, seeds } = settings;
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
      item: "samples per step of PPO",
      paper: "not stated, since its PPO was trained by others",
      here: String(completionsPerStep(ppo.learned)),
      why: budget,
    },
    {
      item: "length of training",
      paper: "DPO: not stated",
      here: `${direct.steps} steps of ${direct.batchSize} pairs; PPO ${ppo.learned.steps} steps`,
      why: "stated so that it can be repeated",
    },
    {
      item: "evaluation",
      paper: "the single-turn part of the test set, by GPT-4",
      here:
        `${evaluation.samples} replies to ${evaluation.prompts} test prompts, by the gold reward` +
        `${comparison ? `; win rates of ${comparison.samples} at each temperature, greedy ones of 1` : ""}`,
      why: "stated so that intervals can be read",
    },
    {
      item: "order of replies",
      paper: "one, drawn at random",
      here: "both, averaged, by judges that see an order",
      why: "what a judge gives to a place adds up to nothing",
    },
    {
      item: "best-of-N",
      paper: "N = 128, by a reward model that is not described",
      here:
        `${comparison ? `N = ${comparison.bestOf} at every temperature; ` : ""}` +
        `N up to ${Math.max(...pool.ns)} at temperature 1, by the learned reward`,
      why: budget,
    },
    {
      item: "seeds",
      paper: "not stated",
      here: String(seeds),
      why: seeds < 5 ? `${budget}; five or more with --seeds` : "intervals over seeds",
    },
    {
      item: "completion length",
      paper: "not stated",
      here: `at most ${maxNewTokens} tokens, ended by the policy itself before that`,
      why: budget,
    },
  ];
}
