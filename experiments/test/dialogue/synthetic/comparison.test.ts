import { describe, expect, test } from "vitest";
import { syntheticComparison } from "../../../src/dialogue/synthetic/comparison.ts";
import { preferences } from "../../../src/dialogue/synthetic/preferences.ts";
import type { ReplyPair } from "../../../src/judges/judge.ts";
import { TASK } from "./tasks.ts";

const LABELS = { kind: "bradley-terry", kappa: 2 } as const;
const COMPARISON = syntheticComparison(TASK, { labels: LABELS, seed: 0 });
const PROMPTS = TASK.prompts.draw("test", 40, 0);
const { signal } = new AbortController();

const { encode, eosId, tokenizer } = TASK.vocabulary;

/** Pairs of two completions of the mixture for each prompt. */
const PAIRS: readonly ReplyPair[] = preferences(TASK, PROMPTS, LABELS, 1).pairs.map((pair) => {
  const textOf = (ids: ArrayLike<number>) => tokenizer.decode(Array.from(ids).slice(0, -1));
  return {
    prompt: PROMPTS[pair.meta?.row as number]?.text as string,
    ...{ reply: textOf(pair.chosenIds), rival: textOf(pair.rejectedIds) },
  };
});

describe("dialogue/synthetic/comparison", () => {
  test("the rival is the chosen completion of the prompt's pair, without EOS", () => {
    const { pairs } = preferences(TASK, PROMPTS, LABELS, 0);
    expect(pairs.length).toBeGreaterThan(30);
    for (const { chosenIds, meta } of pairs) {
      const prompt = PROMPTS[meta?.row as number];
      const rival = COMPARISON.rival(prompt ?? { ids: [], text: null });
      expect([...encode(rival), eosId]).toEqual(Array.from(chosenIds));
    }
  });

  test("prompts whose pair is left out have a rival, too, and so have new topics", () => {
    const { pairs } = preferences(TASK, PROMPTS, LABELS, 0);
    expect(pairs.length).toBeLessThan(PROMPTS.length);
    for (const prompt of [...PROMPTS, ...COMPARISON.newTopics.slice(0, 20)]) {
      expect(COMPARISON.rival(prompt)).not.toBe("");
    }
    expect(() => COMPARISON.rival({ ids: [], text: "no prompt" })).toThrow(/words of a prompt/);
  });

  test("new topics are in no part that preferences are drawn for", () => {
    const drawn = (["train", "validation", "test"] as const).flatMap((part) =>
      TASK.prompts.draw(part, TASK.prompts.count(part), 0),
    );
    const topics = new Set(drawn.map(({ asked }) => asked.topic));
    expect(COMPARISON.newTopics.length).toBe(TASK.prompts.count("ood"));
    for (const { text } of COMPARISON.newTopics) {
      expect(topics.has(TASK.prompts.promptOf(text).asked.topic)).toBe(false);
    }
  });

  test("the judge goes by gold scores, and reads any text", async () => {
    const judge = await COMPARISON.judge();
    const judgements = await judge.compare(PAIRS, signal);
    for (const [i, { prompt, reply, rival }] of PAIRS.entries()) {
      const { asked } = TASK.prompts.promptOf(prompt);
      const [ours, theirs] = [reply, rival].map((text) =>
        TASK.score(asked, TASK.completionIds(text)),
      );
      const sign = Math.sign((ours as number) - (theirs as number));
      expect(judgements[i]?.preference).toBe((sign + 1) / 2);
    }
    const prompt = PAIRS[0]?.prompt ?? "";
    const [odd] = await judge.compare([{ prompt, reply: "<bos> ??", rival: "" }], signal);
    expect([0, 0.5, 1]).toContain(odd?.preference);
    judge.dispose();
  });

  test("examples are left out from the front where they do not fit", () => {
    const [prompt] = PROMPTS;
    if (!prompt) throw new Error("Expected a prompt.");
    const whole = COMPARISON.withExamples(prompt, 160).ids;
    const ends = (ids: readonly number[]) => ids.filter((id) => id === eosId).length;
    expect(ends(whole)).toBe(2);
    const one = COMPARISON.withExamples(prompt, whole.length - 1).ids;
    expect(ends(one)).toBe(1);
    expect(whole.slice(-one.length + 1)).toEqual(one.slice(1));
    expect(COMPARISON.withExamples(prompt, prompt.ids.length).ids).toEqual(prompt.ids);
  });

  test("judges of the panel see both orders; people favour no place, S and C the first", async () => {
    const { members = [] } = COMPARISON.panel ?? {};
    expect(members.map(({ judges }) => judges.length)).toEqual([1, 1, 2, 1]);
    const firsts = await Promise.all(
      members.slice(0, 3).map(async ({ judges: [judge] }) => {
        const judgements = (await judge?.compare(PAIRS, signal)) ?? [];
        const views = judgements.flatMap((judgement) => judgement.views);
        expect(views).toHaveLength(2 * PAIRS.length);
        return views.filter(({ choice }) => choice === "A").length / views.length;
      }),
    );
    expect(firsts[0]).toBeGreaterThan(0.5);
    expect(firsts[1]).toBeGreaterThan(0.5);
    expect(firsts[2]).toBe(0.5);
  });

  test("two people do not always agree, and one says the same when asked again", async () => {
    const people = COMPARISON.panel?.members.find(({ name }) => name === "person")?.judges ?? [];
    const said = await Promise.all(
      [...people, ...people].map(async (judge) =>
        (await judge.compare(PAIRS, signal)).map(({ preference }) => preference),
      ),
    );
    expect(said[0]).not.toEqual(said[1]);
    expect(said[0]).toEqual(said[2]);
  });

  test("the same text twice is a tie that no order was asked for", async () => {
    const [pair] = PAIRS;
    if (!pair) throw new Error("Expected a pair.");
    for (const { judges } of COMPARISON.panel?.members ?? []) {
      for (const judge of judges) {
        const [judgement] = await judge.compare([{ ...pair, rival: pair.reply }], signal);
        expect(judgement).toEqual({ preference: 0.5, views: [] });
      }
    }
  });
});
