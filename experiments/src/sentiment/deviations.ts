/** Where a study departs from the paper, setting by setting. */
import type { Deviation } from "../study/results.ts";
import type { StudySettings } from "./settings.ts";

/** All departures of a study. */
export function deviationsOf(preset: string, settings: StudySettings): Deviation[] {
  const { backbone, preferences, direct, ppo, grid, evaluation, seeds } = settings;
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
      here: `${backbone.layers} layers of width ${backbone.width}, trained from scratch`,
      why: budget,
    },
    {
      item: "preference data",
      paper: "4 completions of 25,000 prompts, up to 6 pairs each",
      here: `${preferences.completions} completions of ${preferences.prompts} prompts, all pairs`,
      why: budget,
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
      here: String(completionsOf(settings)),
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

function completionsOf({ ppo }: StudySettings): number {
  const { rollout } = ppo.learned.settings as {
    readonly rollout: { readonly completions: number };
  };
  return rollout.completions;
}
