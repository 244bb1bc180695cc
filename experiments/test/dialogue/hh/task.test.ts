/** The task that methods see: pairs, prompts, reward and judge, made of made-up transcripts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckedReward, type PolicyPrompt } from "@preflab/rlhf";
import { beforeAll, describe, expect, test } from "vitest";
import { SPEAKERS } from "../../../src/dialogue/hh/chat.ts";
import { DIALOGUES, dialoguesIn } from "../../../src/dialogue/hh/dialogue-files.ts";
import { JUDGE, readJudgeFacts } from "../../../src/dialogue/hh/judge-stage.ts";
import { hhSource } from "../../../src/dialogue/hh/source.ts";
import type { DialoguePrompt } from "../../../src/dialogue/hh/token-rows.ts";
import { lastQuestion } from "../../../src/dialogue/hh/transcript.ts";
import {
  PREFERENCES,
  readPairs,
  readPreferenceFacts,
} from "../../../src/policy/stages/preference-files.ts";
import type { PreferenceTask, ReplyComparison } from "../../../src/policy/task.ts";
import { buildStages } from "../../study/build-stages.ts";
import { writeLines } from "../../text/files.ts";
import { MADE_UP, madeUpRows, transcript } from "./made-up.ts";

const PARTS = ["train", "validation", "test"] as const;
const NEVER = new AbortController().signal;
const MOST = MADE_UP.limits.text - MADE_UP.limits.reply;

/** Rows that are no pairs of replies: a tie, an empty reply, two prompts, an open end. */
const ODD = [
  [transcript("Case odd-1: tea?", "Yes."), transcript("Case odd-1: tea?", "Yes. ")],
  [transcript("Case odd-2: tea?", "Yes."), transcript("Case odd-2: tea?", "")],
  [transcript("Case odd-3: tea?", "Yes."), transcript("Case odd-4: rain?", "No.")],
  [transcript("Case odd-5: tea?", "Yes.", "So?"), transcript("Case odd-5: tea?", "No.", "Oh?")],
].map(([chosen, rejected]) => ({ chosen, rejected }));

describe("dialogue/hh/task", () => {
  let task: PreferenceTask;
  let comparison: ReplyComparison;
  let input: (id: string) => string;

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), "preflab-hh-"));
    writeLines(join(root, "data"), "helpful.jsonl", [...madeUpRows(200, 1), ...ODD]);
    writeLines(join(root, "data"), "harmless.jsonl", madeUpRows(100, 2));
    const source = hhSource(join(root, "data"), MADE_UP);
    input = await buildStages(source.stages, root);
    task = await source.open(input);
    if (task.comparison === null) throw new Error("expected a task that compares replies");
    comparison = task.comparison;
    return () => rmSync(root, { recursive: true });
  });

  const text = (ids: ArrayLike<number>) => task.tokenizer.decode(ids, { skipSpecialTokens: true });
  const encoded = (reply: string) => [
    ...task.tokenizer.encode(reply, { addSpecialTokens: false }),
    task.specialIds.eos,
  ];
  const dialoguePrompts = (part: (typeof PARTS)[number]) =>
    task.prompts[part] as readonly DialoguePrompt[];
  const first = () => dialoguePrompts("test")[0] as DialoguePrompt;

  test("pairs of a part are of questions that no other part has, the judge's least of all", async () => {
    const partOf = new Map<string, string>();
    for (const part of [...PARTS, "judge"] as const) {
      for (const { prompt } of await dialoguesIn(input(DIALOGUES), part)) {
        partOf.set(/Case \d-\d+/.exec(prompt[0]?.content ?? "")?.[0] ?? "none", part);
      }
    }
    for (const part of PARTS) {
      const pairs = await readPairs(input(PREFERENCES), part);
      expect(pairs.length).toBeGreaterThan(10);
      const rows = [
        ...pairs.flatMap(({ promptIds, chosenIds }) => [
          [...Array.from(promptIds), ...Array.from(chosenIds)],
        ]),
        ...task.prompts[part].map(({ ids }) => ids),
        ...(part === "test" ? [] : task.texts(part, 1000)),
      ];
      const cases = rows.flatMap((ids) => text(ids).match(/Case \d-\d+/g) ?? []);
      expect(cases.length).toBeGreaterThan(pairs.length / 2);
      expect(new Set(cases.map((name) => partOf.get(name)))).toEqual(new Set([part]));
    }
  });

  test("the chosen reply of a pair is the one that was chosen, with an end", async () => {
    for (const { chosenIds, rejectedIds } of await readPairs(input(PREFERENCES), "train")) {
      expect(text(chosenIds)).toMatch(/^(Certainly|With pleasure|Here is how), /);
      expect(text(rejectedIds)).toMatch(/^(No idea|Whatever|Go away), /);
      expect(Array.from(chosenIds).at(-1)).toBe(task.specialIds.eos);
    }
  });

  test("rows that are no pairs of replies are in no pair, and ties are counted", async () => {
    const facts = await readPreferenceFacts(input(PREFERENCES));
    const all = (
      await Promise.all(PARTS.map((part) => readPairs(input(PREFERENCES), part)))
    ).flat();
    expect(facts).toEqual({
      ...{ pairs: all.length, goldLabels: all.length, ties: 1, sampledTokens: 0 },
    });
    for (const { promptIds } of all) expect(text(promptIds)).not.toContain("odd");
  });

  test("policies are measured on single questions whose chosen reply they could match", () => {
    for (const part of ["validation", "test"] as const) {
      const prompts = dialoguePrompts(part);
      expect(prompts.length).toBeGreaterThan(10);
      for (const { meta, chosen } of prompts) {
        expect(meta.singleTurn).toBe(true);
        expect(encoded(chosen).length).toBeLessThanOrEqual(MADE_UP.limits.reply);
      }
    }
    expect(dialoguePrompts("train").some(({ meta }) => !meta.singleTurn)).toBe(true);
  });

  test("the reward of the chosen reply is a half, and a better one has more", async () => {
    const reward = new CheckedReward(await task.gold(), { timeoutMs: 1000 });
    const { ids: promptIds, chosen } = first();
    const of = (completionIds: readonly number[]) => ({
      ...{ promptIds, completionIds, prompt: null, completion: null },
    });
    const rest = chosen.replace(/^[^,]+/, "");
    const replies = [chosen, `Whatever${rest}`, chosen.slice(0, -1)].map(encoded);
    const rewards = await reward.score([...replies, [], [task.specialIds.pad ?? 0]].map(of));
    expect(rewards[0]).toBeCloseTo(0.5, 12);
    expect(rewards[1]).toBeLessThan(0.2);
    for (const value of rewards) expect(value > 0 && value < 1).toBe(true);
    // With or without its end a reply is the same.
    const [open] = await reward.score([of(encoded(chosen).slice(0, -1))]);
    expect(open).toBe(rewards[0]);
    reward.dispose();
  });

  test("a prompt that is not the task's has no reward", async () => {
    const reward = await task.gold();
    const unknown = { promptIds: [1, 2], completionIds: [3], prompt: null, completion: null };
    await expect(async () => reward.score([unknown], NEVER)).rejects.toThrow(/one of the task's/);
  });

  test("the judge decides as the reward does, and equal replies tie", async () => {
    const judge = await comparison.judge();
    const prompt = first();
    const rival = comparison.rival(prompt);
    expect(rival).toBe(prompt.chosen);
    const worse = rival.replace(/^[^,]+/, "Go away");
    const pair = (reply: string, other: string) => ({ prompt: prompt.text, reply, rival: other });
    const said = await judge.compare(
      [pair(worse, rival), pair(rival, worse), pair(rival, rival)],
      NEVER,
    );
    expect(said.map(({ preference }) => preference)).toEqual([0, 1, 0.5]);
    const unknown = { ...pair(rival, worse), prompt: "Is this a question of the task?" };
    await expect(judge.compare([unknown], NEVER)).rejects.toThrow(/one of the task's questions/);
    judge.dispose();
  });

  test("what is said of the judge is what was measured of it", async () => {
    const { agreement, trainPairs } = await readJudgeFacts(input(JUDGE));
    const { mean, low, high, pairs: count } = agreement.all;
    expect(comparison.facts.accuracy).toEqual({ mean, low, high, count });
    expect(comparison.facts.about).toContain(`${trainPairs} choices of people`);
    expect(comparison.facts.about).toContain("it is weak");
    expect(comparison.newTopics).toEqual([]);
  });

  test("examples before a prompt are two helpful training dialogues with their ends", async () => {
    const prompt: PolicyPrompt = first();
    const { ids } = comparison.withExamples(prompt, MOST);
    expect(ids.length).toBeLessThanOrEqual(MOST);
    const { user, assistant } = SPEAKERS;
    const end = "<|endoftext|>";
    const [start, ...turns] = task.tokenizer.decode([...ids]).split(end);
    expect(start).toBe("");
    expect(turns.at(-1)).toBe(`${user}${prompt.text}${assistant}`);
    const train = await dialoguesIn(input(DIALOGUES), "train");
    const known = train
      .filter(({ prompt, source }) => prompt.length === 1 && source.startsWith("helpful"))
      .map((dialogue) => `${user}${lastQuestion(dialogue)}${assistant}${dialogue.chosen}`);
    expect(turns).toHaveLength(3);
    for (const turn of turns.slice(0, 2)) expect(known).toContain(turn);
  });

  test("examples that have no room are left out", () => {
    const prompt = first();
    const { ids } = comparison.withExamples(prompt, MOST);
    expect(comparison.withExamples(prompt, ids.length - 1).ids.length).toBeLessThan(ids.length);
    expect(comparison.withExamples(prompt, prompt.ids.length)).toEqual({
      ...{ ids: prompt.ids, text: prompt.text },
    });
  });

  test("fewer rows than there are are a random choice of them", async () => {
    const most = {
      pairs: { train: 7, validation: 3, test: 2 },
      prompts: { train: 6, validation: 4, test: 5 },
    };
    const source = hhSource("org/name", { ...MADE_UP, most });
    const few = await source.open(input);
    expect(PARTS.map((part) => few.prompts[part].length)).toEqual([6, 4, 5]);
    const all = new Set(task.prompts.train.map(({ ids }) => ids.join()));
    for (const { ids } of few.prompts.train) expect(all.has(ids.join())).toBe(true);
    const folder = mkdtempSync(join(tmpdir(), "preflab-hh-"));
    const stage = source.stages.filter(({ id }) => id === PREFERENCES);
    await buildStages(
      stage.map((one) => ({ ...one, build: (context) => one.build({ ...context, input }) })),
      folder,
    );
    const pairs = await readPairs(join(folder, PREFERENCES), "train");
    expect(pairs).toHaveLength(7);
    const known = (await readPairs(input(PREFERENCES), "train")).map((pair) =>
      JSON.stringify(pair),
    );
    for (const pair of pairs) expect(known).toContain(JSON.stringify(pair));
    rmSync(folder, { recursive: true });
  });
});
