import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { enumerateTexts } from "../../../src/sentiment/synthetic/enumerate.ts";
import { draw, GRADED, idsOf, MICRO, ROUNDING, STANDARD_ERRORS } from "./tasks.ts";

const { language } = GRADED;
const TEXTS = enumerateTexts(MICRO.language);

describe("sentiment/synthetic/language", () => {
  test("all texts of the small grammar have probability 1 together", () => {
    expect(TEXTS).toHaveLength(26_244);
    const sum = TEXTS.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, ROUNDING);
  });

  test("a text's probability is the mean over moods of the product of its arcs", () => {
    const text = idsOf(MICRO, "overall good but not superb . overall awful and plain .");
    const { eosId } = MICRO.vocabulary;
    // P(1) P(but, -1 | 1) = q1 .8 (q-1 .3) / 2, and P(-2) P(and, 0 | -2) = q-2 .9 q0, by mood.
    const byMood: [number, number[]][] = [
      [0.3, [0.16, 0.3, 0.32, 0.14, 0.08]],
      [0.4, [0.12, 0.22, 0.32, 0.22, 0.12]],
      [0.3, [0.08, 0.14, 0.32, 0.3, 0.16]],
    ];
    const expected = byMood.reduce((sum, [share, [worst = 0, bad = 0, plain = 0, good = 0]]) => {
      const first = 0.7 * good * (0.8 * bad) * (0.3 / 2);
      return sum + share * first * worst * 0.9 * plain;
    }, 0);
    expect(Math.exp(MICRO.language.logProbability([...text, eosId]))).toBeCloseTo(expected, 12);
  });

  test("what can follow a prompt has probability 1 together", () => {
    const prompt = idsOf(MICRO, "overall not");
    const rest = enumerateTexts(MICRO.language, prompt);
    expect(rest.reduce((sum, text) => sum + text.probability, 0)).toBeCloseTo(1, ROUNDING);
    for (const { ids, probability } of rest.slice(0, 10)) {
      const logp = MICRO.language.completionLogProbability(prompt, ids);
      expect(Math.exp(logp)).toBeCloseTo(probability, 12);
    }
  });

  test("texts are drawn as often as they are likely", () => {
    const count = 20_000;
    const drawn = new Map<string, number>();
    for (const ids of draw(MICRO.language, count)) {
      const key = ids.join();
      drawn.set(key, (drawn.get(key) ?? 0) + 1);
    }
    const likely = TEXTS.filter(({ probability }) => probability * count > 10);
    expect(likely.length).toBeGreaterThan(50);
    for (const { ids, probability } of likely) {
      const error = Math.sqrt(count * probability * (1 - probability));
      const off = Math.abs((drawn.get(ids.join()) ?? 0) - count * probability);
      expect(off).toBeLessThan(STANDARD_ERRORS * error);
    }
  });

  test("a completion is drawn in the mood of its prompt", () => {
    const prompt = idsOf(GRADED, "superb acting and brilliant music . overall great and good");
    const good = language.readPrompt(prompt).belief[2] as number;
    expect(good).toBeGreaterThan(2 * (language.prior[2] as number));
    const count = 4000;
    const positive = new Set([1, 2].flatMap((v) => GRADED.vocabulary.opinions.get(v as 1) ?? []));
    // "<prompt> . ADJECTIVE ...": the first word that is an adjective, if that is the form.
    const next = draw(language, count, prompt).map((ids) => ids[prompt.length + 1] as number);
    const expected = [...positive]
      .map((word) => Math.exp(language.logProbability([...prompt, GRADED.vocabulary.stop, word])))
      .reduce((sum, p) => sum + p / Math.exp(language.logProbability(prompt)), 0);
    const share = next.filter((id) => positive.has(id)).length / count;
    const error = Math.sqrt((expected * (1 - expected)) / count);
    expect(Math.abs(share - expected)).toBeLessThan(STANDARD_ERRORS * error);
  });

  test("one seed gives the same texts, another others", () => {
    const texts = (seed: number) => {
      const stream = new RandomStream(seed, "test");
      return Array.from({ length: 5 }, () => language.sample(stream));
    };
    expect(texts(3)).toEqual(texts(3));
    expect(texts(3)).not.toEqual(texts(4));
  });

  test("drawn texts are texts, and their beginnings are unfinished", () => {
    for (const ids of draw(language, 200)) {
      expect(language.validity(ids).status).toBe("text");
      expect(language.validity(ids.slice(0, -1)).status).toBe("unfinished");
    }
  });

  test("damaged texts are invalid from the damage on", () => {
    const { eosId, bosId, article } = GRADED.vocabulary;
    for (const ids of draw(language, 50)) {
      expect(language.validity([...ids, eosId])).toEqual({
        status: "invalid",
        validTokens: ids.length,
      });
      const at = 5;
      expect(language.validity(ids.toSpliced(at, 0, bosId)).validTokens).toBe(at);
      // After the last sentence nothing but EOS can stand.
      expect(language.validity(ids.toSpliced(-1, 0, article)).status).toBe("invalid");
      expect(language.logProbability(ids.slice(1))).toBe(-Infinity);
    }
  });

  test("a prompt that no text begins with names the place", () => {
    const prompt = idsOf(GRADED, "the plot superb");
    expect(() => language.sample(new RandomStream(0, "x"), prompt)).toThrow(/at position 3/);
    expect(() => language.completionLogProbability(prompt, [])).toThrow(RangeError);
  });

  test("more texts than asked for are not listed", () => {
    expect(() => enumerateTexts(MICRO.language, [], 100)).toThrow(/at most 100 texts/);
  });
});
