/** The embedded dialogue task: made from code alone, its preferences included, and known exactly. */
import type { SplitName } from "@preflab/data";
import { functionReward, type PolicyPrompt } from "@preflab/rlhf";
import {
  PREFERENCES,
  type PreferenceFacts,
  writePairs,
  writePreferenceFacts,
} from "../policy/stages/preference-files.ts";
import type { PreferenceTask, TaskSource } from "../policy/task.ts";
import type { Json, Stage } from "../study/experiment.ts";
import { asJson } from "../study/plain-data.ts";
import { syntheticComparison } from "./synthetic/comparison.ts";
import type { CorpusText } from "./synthetic/corpus.ts";
import { type Labels, preferences } from "./synthetic/preferences.ts";
import { DialogueTask } from "./synthetic/task.ts";

/** Which world, and how much of it. */
export interface SyntheticDialogueSettings {
  /** Prompts of each part. */
  readonly prompts: Readonly<Record<SplitName, number>>;
  /** Pairs that are labelled for each training prompt; for others it is one. */
  readonly pairsPerPrompt: number;
  readonly labels: Labels;
  /** Of facts, prompts, texts and pairs: the same for all seeds of methods. */
  readonly seed: number;
}

const PARTS: readonly SplitName[] = ["train", "validation", "test"];

/** Held-out texts that the entropy is measured on. */
const ENTROPY_TEXTS = 2000;

/** The source of the embedded task. */
export function syntheticDialogueSource(settings: SyntheticDialogueSettings): TaskSource {
  const config = asJson({ kind: "synthetic", ...settings });
  return {
    config,
    stages: [preferenceStage(settings, config)],
    ...{ inputs: [], files: [], deviations: [] },
    open: async () => openTask(settings),
    facts: async () => ({}),
  };
}

/** The stage that draws pairs of a policy that no method knows, and labels them. */
function preferenceStage(
  { prompts, pairsPerPrompt, labels, seed }: SyntheticDialogueSettings,
  config: Json,
): Stage {
  return {
    id: PREFERENCES,
    title: "preferences",
    config,
    inputs: [],
    weight: 0.1,
    build: async ({ folder }) => {
      const task = new DialogueTask(seed);
      const facts = { goldLabels: 0, pairs: 0, ties: 0, sampledTokens: 0 };
      for (const part of PARTS) {
        const drawn = task.prompts.draw(part, prompts[part], seed);
        const count = part === "train" ? pairsPerPrompt : 1;
        const { pairs, ties, identical } = preferences(task, drawn, labels, seed, count);
        await writePairs(folder, part, pairs);
        facts.goldLabels += pairs.length;
        facts.pairs += pairs.length;
        facts.ties += ties + identical;
      }
      await writePreferenceFacts(folder, facts satisfies PreferenceFacts);
    },
  };
}

function openTask({ prompts: counts, labels, seed }: SyntheticDialogueSettings): PreferenceTask {
  const task = new DialogueTask(seed);
  const { vocabulary, prompts, corpus } = task;
  const draw = (part: SplitName): readonly PolicyPrompt[] => prompts.draw(part, counts[part], seed);
  return {
    tokenizer: vocabulary.tokenizer,
    files: vocabulary.files,
    specialIds: { bos: vocabulary.bosId, eos: vocabulary.eosId, pad: vocabulary.padId },
    prompts: { train: draw("train"), validation: draw("validation"), test: draw("test") },
    texts: (use, count) => corpus.sample(count, seed, use).map(({ ids }) => ids),
    gold: async () =>
      functionReward("helpfulness", ({ promptIds, completionIds }) =>
        task.score(prompts.askedBy(promptIds), completionIds),
      ),
    isValid: (ids) => task.isValid(ids),
    // Takes longer than all the rest, and one stage alone asks for it.
    get entropy() {
      const held = corpus.sample(ENTROPY_TEXTS, seed, "validation");
      return entropyOf(held, (text) => corpus.logProbability(text));
    },
    comparison: syntheticComparison(task, { labels, seed }),
  };
}

/** Nats per token, BOS left out: nothing predicts it. */
function entropyOf(
  texts: readonly CorpusText[],
  logProbability: (text: CorpusText) => number,
): number {
  const nats = texts.reduce((sum, text) => sum - logProbability(text), 0);
  return nats / texts.reduce((sum, { ids }) => sum + ids.length - 1, 0);
}
