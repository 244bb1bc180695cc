import { describe, expect, test } from "vitest";
import { sampleReviews, syntheticPrompts } from "../../../src/sentiment/synthetic/prompts.ts";
import { GRADED, MICRO } from "./tasks.ts";

const COUNTS = { train: 1000, validation: 100, test: 200 };
const { language, vocabulary } = GRADED;

describe("sentiment/synthetic/prompts", () => {
  const prompts = syntheticPrompts(GRADED, COUNTS, 0);

  test("parts have the prompts asked for, and none in common, whatever their seeds", () => {
    const others = syntheticPrompts(GRADED, COUNTS, 1);
    const train = new Set(prompts.train.map(({ text }) => text));
    expect(train.size).toBe(COUNTS.train);
    expect(prompts.validation).toHaveLength(COUNTS.validation);
    expect(prompts.test).toHaveLength(COUNTS.test);
    for (const { test: tests, validation } of [prompts, others]) {
      for (const { text } of [...tests, ...validation]) expect(train.has(text)).toBe(false);
    }
    const validation = new Set(others.validation.map(({ text }) => text));
    for (const { text } of prompts.test) expect(validation.has(text)).toBe(false);
  });

  test("prompts are BOS and 2 to 8 words that a review begins with", () => {
    const lengths = new Set<number>();
    for (const { ids, text } of prompts.train) {
      expect([...vocabulary.tokenizer.encode(text, { addSpecialTokens: true })]).toEqual(ids);
      expect(language.validity(ids).status).toBe("unfinished");
      lengths.add(ids.length - 1);
    }
    expect([...lengths].sort()).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });

  test("one seed gives the same prompts and reviews", () => {
    expect(syntheticPrompts(GRADED, COUNTS, 0)).toEqual(prompts);
    const reviews = sampleReviews(GRADED, 20, 7, "train");
    expect(sampleReviews(GRADED, 20, 7, "train")).toEqual(reviews);
    expect(sampleReviews(GRADED, 20, 7, "test")).not.toEqual(reviews);
    expect(sampleReviews(GRADED, 20, 8, "train")).not.toEqual(reviews);
  });

  test("too many prompts for a small language are an error", () => {
    const counts = { train: 100_000, validation: 0, test: 0 };
    expect(() => syntheticPrompts(MICRO, { ...counts, train: 3000 }, 0)).toThrow(
      /of 3000 for train/,
    );
  });
});
