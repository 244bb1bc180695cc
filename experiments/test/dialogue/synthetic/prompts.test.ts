import { chatTemplate } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { PARTS, type Part } from "../../../src/dialogue/synthetic/prompts.ts";
import { INTENTS } from "../../../src/dialogue/synthetic/queries.ts";
import { DialogueTask } from "../../../src/dialogue/synthetic/task.ts";
import { TASK } from "./tasks.ts";

const COUNTS: Readonly<Record<Part, number>> = {
  train: 2000,
  validation: 256,
  test: 256,
  ood: 256,
};
const { prompts, world, vocabulary } = TASK;
const drawn = (part: Part, seed: number, task = TASK) =>
  task.prompts.draw(part, COUNTS[part], seed);

describe("dialogue/synthetic/prompts", () => {
  test("parts have the prompts asked for, and none in common, whatever their seeds", () => {
    const parts = PARTS.map((part, i) => new Set(drawn(part, i).map(({ text }) => text)));
    expect(parts.map(({ size }) => size)).toEqual(PARTS.map((part) => COUNTS[part]));
    parts.forEach((part, i) => {
      for (const other of parts.slice(i + 1)) {
        for (const text of part) expect(other.has(text)).toBe(false);
      }
    });
  });

  test("a question in a chat is the prompt that was learned, and turns before it end as there", () => {
    const template = chatTemplate(vocabulary.tokenizer);
    const [first, second] = drawn("test", 0);
    const asked = (text = "") => {
      return { role: "user", content: text.replace(/^human | assistant$/g, "") };
    };
    const options = { addGenerationPrompt: true };
    const said = [asked(first?.text), { role: "assistant", content: "so it is ." }];
    expect([...(template?.encode([asked(first?.text)], options) ?? [])]).toEqual(first?.ids);
    expect([...(template?.encode([...said, asked(second?.text)], options) ?? [])]).toEqual([
      ...(first?.ids ?? []),
      ...vocabulary.idsOf("so it is ."),
      vocabulary.eosId,
      ...(second?.ids.slice(1) ?? []),
    ]);
  });

  test("prompts of other worlds do not cross parts either", () => {
    const other = new DialogueTask(1);
    const train = new Set(drawn("train", 0).map(({ text }) => text));
    for (const part of ["validation", "test", "ood"] as const) {
      for (const { text } of drawn(part, 0, other)) expect(train.has(text)).toBe(false);
    }
  });

  test("held-out topics are in prompts out of distribution and in no others", () => {
    const heldOut = world.topics.filter(({ isHeldOut }) => isHeldOut).map(({ subject }) => subject);
    const mentions = (text: string) =>
      heldOut.some((subject) => ` ${text} `.includes(` ${subject} `));
    for (const part of PARTS) {
      for (const { text } of drawn(part, 0)) expect(mentions(text)).toBe(part === "ood");
    }
  });

  test("all intents are in all parts, single facts most often", () => {
    for (const part of PARTS) {
      const counts = INTENTS.map(
        (intent) => drawn(part, 0).filter(({ asked }) => asked.intent === intent).length,
      );
      expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(Math.max(...counts)).toBe(counts[0]);
    }
  });

  test("a prompt is BOS, a human's turn and the beginning of the assistant's", () => {
    for (const { ids, text, asked } of drawn("test", 0)) {
      expect(text).toMatch(/^human .+ [?.] assistant$/);
      expect(ids[0]).toBe(vocabulary.bosId);
      expect(prompts.askedBy(ids)).toBe(asked);
    }
  });

  test("one seed gives the same prompts, another others", () => {
    expect(drawn("train", 3)).toEqual(drawn("train", 3));
    expect(drawn("train", 3)).not.toEqual(drawn("train", 4));
  });

  test("more prompts than there are, are an error", () => {
    expect(() => prompts.draw("ood", 10_000, 0)).toThrow(/for ood, got 10000/);
  });

  test("a few-shot prompt has two solved training prompts in front, and asks the same", () => {
    const train = new Set(prompts.draw("train", 4000, 0).map(({ text }) => text));
    for (const prompt of drawn("ood", 0).slice(0, 20)) {
      const shots = prompts.fewShot(prompt, 0);
      const turns = shots.text.split(" <eos> ");
      expect(turns).toHaveLength(3);
      expect(turns[2]).toBe(prompt.text);
      expect(prompts.askedBy(shots.ids)).toBe(prompt.asked);
      for (const turn of turns.slice(0, 2)) {
        const [query, answer] = turn.split(" assistant ");
        const { bosId, encode } = vocabulary;
        const asked = prompts.askedBy([bosId, ...encode(`${query} assistant`)]);
        expect(TASK.score(asked, TASK.completionIds(answer as string))).toBe(1);
        expect(asked?.topic.isHeldOut).toBe(false);
        expect([...vocabulary.tokenizer.encode(turn, { addSpecialTokens: false })]).toEqual(
          encode(turn),
        );
      }
      expect(shots.ids.filter((id) => id === vocabulary.eosId)).toHaveLength(2);
    }
    expect(train.size).toBe(4000);
  });

  test("ids that are no prompt ask nothing", () => {
    expect(prompts.askedBy([])).toBeNull();
    expect(prompts.askedBy([vocabulary.bosId, -1, 9999])).toBeNull();
  });
});
