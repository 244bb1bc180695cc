import { describe, expect, test } from "vitest";
import { languageEntropy } from "../../../src/sentiment/synthetic/entropy.ts";
import { enumerateTexts } from "../../../src/sentiment/synthetic/enumerate.ts";
import { draw, estimate, GRADED, idsOf, MICRO, ROUNDING, STANDARD_ERRORS } from "./tasks.ts";

describe("sentiment/synthetic/entropy", () => {
  test.each([[""], ["overall not"]])("is that of all listed texts after <%s>", (words) => {
    const prompt = words === "" ? [] : idsOf(MICRO, words);
    const texts = enumerateTexts(MICRO.language, prompt);
    const reading = MICRO.language.readPrompt(prompt);
    const { perText, tokens, perToken } = languageEntropy(MICRO.language, reading);
    const listed = texts.reduce((sum, { probability: p }) => sum - p * Math.log(p), 0);
    const bos = words === "" ? 1 : 0;
    const length = texts.reduce((sum, { ids, probability: p }) => sum + p * (ids.length - bos), 0);
    expect(perText).toBeCloseTo(listed, ROUNDING);
    expect(tokens).toBeCloseTo(length, ROUNDING);
    expect(perToken).toBeCloseTo(listed / length, ROUNDING);
  });

  test("is the mean of -log p over drawn texts", () => {
    const texts = draw(GRADED.language, 10_000);
    const { perText, tokens } = languageEntropy(GRADED.language);
    const surprise = estimate(texts.map((ids) => -GRADED.language.logProbability(ids)));
    expect(Math.abs(surprise.mean - perText)).toBeLessThan(STANDARD_ERRORS * surprise.error);
    const length = estimate(texts.map((ids) => ids.length - 1));
    expect(Math.abs(length.mean - tokens)).toBeLessThan(STANDARD_ERRORS * length.error);
  });

  test("is more than that of texts whose mood is known", () => {
    const { language } = GRADED;
    const known = language.prior.reduce((sum, p, mood) => {
      const belief = language.prior.map((_, i) => (i === mood ? 1 : 0));
      return sum + p * languageEntropy(language, { ...language.start, belief }).perText;
    }, 0);
    const gap = languageEntropy(language).perText - known;
    const priorEntropy = language.prior.reduce((sum, p) => sum - p * Math.log(p), 0);
    expect(gap).toBeGreaterThan(0);
    expect(gap).toBeLessThan(priorEntropy);
  });
});
