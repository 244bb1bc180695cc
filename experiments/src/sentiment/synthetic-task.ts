/** The embedded task: made from code alone, with everything about it known exactly. */
import { functionReward } from "@preflab/rlhf";
import type { PreferenceTask, TaskSource } from "../policy/task.ts";
import { languageEntropy } from "./synthetic/entropy.ts";
import { type PromptCounts, sampleReviews, syntheticPrompts } from "./synthetic/prompts.ts";
import { type SyntheticTaskName, syntheticTask } from "./synthetic/task.ts";

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
    outcomes: (prompts) => outcomesOf(settings, prompts),
  };
}

/** What completions of the first test prompts are worth, by the grammar's own probabilities. */
function outcomesOf({ task: name, prompts: counts, seed }: SyntheticSettings, prompts: number) {
  const task = syntheticTask(name);
  const { test } = syntheticPrompts(task, counts, seed);
  return test.slice(0, prompts).map(({ ids }) => task.outcomes(ids));
}

function openTask({ task: name, prompts: counts, seed }: SyntheticSettings): PreferenceTask {
  const task = syntheticTask(name);
  const { vocabulary, language, gold } = task;
  return {
    tokenizer: vocabulary.tokenizer,
    files: vocabulary.files,
    specialIds: { bos: vocabulary.bosId, eos: vocabulary.eosId, pad: vocabulary.padId },
    prompts: syntheticPrompts(task, counts, seed),
    texts: (use, count) => sampleReviews(task, count, seed, use),
    gold: async () =>
      functionReward("gold", ({ promptIds, completionIds }) =>
        gold.reward([...Array.from(promptIds), ...Array.from(completionIds)]),
      ),
    isValid: (ids) => language.validity(ids).status === "text",
    entropy: languageEntropy(language).perToken,
    comparison: null,
  };
}
