/** The embedded task: made from code alone, with everything about it known exactly. */
import { functionReward } from "@preflab/rlhf";
import { languageEntropy } from "./synthetic/entropy.ts";
import { RewardLimit } from "./synthetic/limit.ts";
import { type PromptCounts, sampleReviews, syntheticPrompts } from "./synthetic/prompts.ts";
import { type SyntheticTaskName, syntheticTask } from "./synthetic/task.ts";
import type { SentimentTask, TaskSource } from "./task.ts";

/** Which task, and how much of it. */
export interface SyntheticSettings {
  readonly task: SyntheticTaskName;
  readonly prompts: PromptCounts;
  /** Of prompts and reviews: the same for all seeds of methods. */
  readonly seed: number;
}

/** The source of a synthetic task. */
export function syntheticSource(settings: SyntheticSettings): TaskSource {
  return {
    config: { kind: "synthetic", ...settings },
    ...{ stages: [], inputs: [], files: [], deviations: [] },
    open: async () => openTask(settings),
    facts: async () => ({}),
  };
}

function openTask({ task: name, prompts: counts, seed }: SyntheticSettings): SentimentTask {
  const task = syntheticTask(name);
  const { vocabulary, language, gold } = task;
  return {
    tokenizer: vocabulary.tokenizer,
    files: vocabulary.files,
    specialIds: { bos: vocabulary.bosId, eos: vocabulary.eosId, pad: vocabulary.padId },
    prompts: syntheticPrompts(task, counts, seed),
    reviews: (use, count) => sampleReviews(task, count, seed, use),
    gold: async () =>
      functionReward("gold", ({ promptIds, completionIds }) =>
        gold.reward([...Array.from(promptIds), ...Array.from(completionIds)]),
      ),
    isValid: (ids) => language.validity(ids).status === "text",
    entropy: languageEntropy(language).perToken,
    limit: (prompts) => {
      const limit = new RewardLimit(prompts.map(({ ids }) => task.outcomes(ids)));
      return { atKl: (kl) => limit.atKl(kl), bestOfN: (n) => limit.bestOfN(n) };
    },
  };
}
