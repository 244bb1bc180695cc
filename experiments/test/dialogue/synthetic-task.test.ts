import { CheckedReward } from "@preflab/rlhf";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type SyntheticDialogueSettings,
  syntheticDialogueSource,
} from "../../src/dialogue/synthetic-task.ts";
import {
  PREFERENCES,
  readPairs,
  readPreferenceFacts,
} from "../../src/policy/stages/preference-files.ts";
import type { PreferenceTask } from "../../src/policy/task.ts";
import { buildStages } from "../study/build-stages.ts";
import { temporaryFolder } from "../study/stages.ts";
import { TASK } from "./synthetic/tasks.ts";

const SETTINGS: SyntheticDialogueSettings = {
  prompts: { train: 60, validation: 20, test: 20 },
  pairsPerPrompt: 2,
  labels: { kind: "deterministic" },
  seed: 0,
};
/** Four standard deviations of a difference: 0.0024 for each, measured over 8 seeds. */
const ENTROPY_TOLERANCE = 0.014;

const PARTS = ["train", "validation", "test"] as const;

describe("dialogue/synthetic-task", () => {
  const source = syntheticDialogueSource(SETTINGS);
  let task: PreferenceTask;
  let preferences: string;

  beforeAll(async () => {
    const folderOf = await buildStages(source.stages, temporaryFolder());
    preferences = folderOf(PREFERENCES);
    task = await source.open(folderOf);
  });

  test.each(PARTS)("%s pairs are of prompts of that part, the better one chosen", async (part) => {
    const reward = new CheckedReward(await task.gold(), { timeoutMs: 1000 });
    const pairs = await readPairs(preferences, part);
    const known = new Set(task.prompts[part].map(({ ids }) => ids.join()));
    expect(pairs.length).toBeGreaterThan(0);
    for (const { promptIds, chosenIds, rejectedIds } of pairs) {
      expect(known.has(Array.from(promptIds).join())).toBe(true);
      const text = { promptIds, prompt: null, completion: null };
      const [chosen = 0, rejected = 0] = await reward.score([
        { ...text, completionIds: chosenIds },
        { ...text, completionIds: rejectedIds },
      ]);
      expect(chosen).toBeGreaterThan(rejected);
    }
    reward.dispose();
  });

  test("two pairs are drawn for training prompts and one for others: those left out are counted", async () => {
    const { pairs, ties, goldLabels } = await readPreferenceFacts(preferences);
    expect([pairs + ties, goldLabels]).toEqual([160, pairs]);
    expect(ties).toBeGreaterThan(0);
  });

  test("parts share no prompt", () => {
    const all = PARTS.flatMap((part) => task.prompts[part].map(({ ids }) => ids.join()));
    expect(new Set(all).size).toBe(100);
  });

  test("a best answer scores 1 and is valid after its prompt, without EOS it is not", async () => {
    const prompt = task.prompts.test[0]?.ids ?? [];
    const asked = TASK.prompts.askedBy(prompt);
    const best = asked === null ? [] : TASK.bestCompletion(asked);
    const gold = await task.gold();
    const input = { promptIds: prompt, completionIds: best, prompt: null, completion: null };
    expect(await gold.score([input], new AbortController().signal)).toEqual([1]);
    expect(task.isValid?.([...prompt, ...best])).toBe(true);
    expect(task.isValid?.([...prompt, ...best.slice(0, -1)])).toBe(false);
  });

  test("the entropy is that of texts which are held out, so that other texts come near it", () => {
    const texts = TASK.corpus.sample(2000, 7, "others");
    const nats = texts.reduce((sum, text) => sum - TASK.corpus.logProbability(text), 0);
    const perToken = nats / texts.reduce((sum, { ids }) => sum + ids.length - 1, 0);
    expect(Math.abs(perToken - (task.entropy ?? 0))).toBeLessThan(ENTROPY_TOLERANCE);
  });
});
