import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { VALENCES } from "../../../src/sentiment/synthetic/lexicon.ts";
import { draw, GRADED, idsOf } from "./tasks.ts";

const { gold, language, vocabulary } = GRADED;
const sum = (text: string) => gold.sum(idsOf(GRADED, text));

describe("sentiment/synthetic/gold", () => {
  test.each([
    ["superb plot", 2],
    ["not superb", -1],
    ["never awful", 1],
    ["hardly plain", 0],
    ["good but dull", -0.5],
    ["dull but good", 0.5],
    ["good and dull", 0],
    ["superb but not good", 0],
    ["good . dull but good .", 1.5],
    ["good but good but good", 2],
    ["not and good", 1],
    ["not the plot good", -1],
    ["not not good", -1],
    ["", 0],
  ])("<%s> sums to %d", (text, expected) => {
    expect(sum(text)).toBe(expected);
  });

  test("the reward is 1/2 at the centre and follows the sigmoid", () => {
    expect(gold.rewardOf(2)).toBe(0.5);
    expect(gold.rewardOf(4)).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  test("opinions beyond eight earn nothing, nor does what follows EOS", () => {
    expect(sum("superb ".repeat(20))).toBe(16);
    const ids = idsOf(GRADED, "good");
    const superb = idsOf(GRADED, "superb").slice(1);
    expect(gold.sum([...ids, vocabulary.eosId, ...superb])).toBe(1);
  });

  test("any ids have a finite reward", () => {
    const stream = new RandomStream(5, "fuzz");
    for (let i = 0; i < 2000; i++) {
      const length = stream.uint32() % 40;
      const ids = Array.from({ length }, () => (stream.uint32() % (vocabulary.size + 20)) - 10);
      expect(Math.abs(gold.sum(ids))).toBeLessThanOrEqual(16);
      const reward = gold.reward(ids);
      expect(reward).toBeGreaterThan(0);
      expect(reward).toBeLessThan(1);
    }
  });

  test("agrees with the points of the grammar on its texts", () => {
    for (const ids of draw(language, 2000)) {
      expect(gold.sum(ids)).toBe(language.read(ids)?.points);
      expect(gold.opinions(ids)).toHaveLength(8);
    }
  });

  test("a better adjective never lowers the reward, but does not raise it after a negation", () => {
    const steps = VALENCES.slice(1).map((valence, i) => [VALENCES[i] as number, valence] as const);
    const word = (valence: number) =>
      (vocabulary.opinions.get(valence as 0) as readonly number[])[0] as number;
    for (const ids of draw(language, 200)) {
      for (const { index } of gold.opinions(ids)) {
        const isNegated = vocabulary.negations.includes(ids[index - 1] as number);
        for (const [worse, better] of steps) {
          const rise =
            gold.sum(ids.with(index, word(better))) - gold.sum(ids.with(index, word(worse)));
          if (isNegated) expect(rise).toBeLessThanOrEqual(0);
          else expect(rise).toBeGreaterThan(0);
        }
      }
    }
  });

  test("is no function of the words alone", () => {
    expect(sum("good plot but dull music .")).not.toBe(sum("dull plot but good music ."));
    expect(sum("overall not superb and dull .")).not.toBe(sum("overall superb and not dull ."));
  });
});
