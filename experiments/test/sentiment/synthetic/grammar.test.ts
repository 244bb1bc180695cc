import { describe, expect, test } from "vitest";
import { FULL_LEXICON, VALENCES } from "../../../src/sentiment/synthetic/lexicon.ts";
import { moods, negated } from "../../../src/sentiment/synthetic/mood.ts";
import { GRADED, idsOf, MICRO, ROUNDING } from "./tasks.ts";

const GOOD_REVIEW =
  "the plot felt clever but never dull . superb acting and bland music . " +
  "overall not weak and good . the hero is plain and typical .";

describe("sentiment/synthetic/grammar", () => {
  test("probabilities of the arcs of a state sum to 1 in every mood", () => {
    for (const { language } of [GRADED, MICRO]) {
      for (const arcs of language.automaton.filter((found) => found.length > 0)) {
        for (const mood of language.prior.keys()) {
          const sum = arcs.reduce((total, arc) => total + (arc.probabilities[mood] as number), 0);
          expect(sum).toBeCloseTo(1, ROUNDING);
        }
      }
    }
  });

  test("no two arcs of a state have a word in common", () => {
    for (const arcs of GRADED.language.automaton) {
      const words = arcs.flatMap((arc) => arc.words);
      expect(new Set(words).size).toBe(words.length);
    }
  });

  test("a review of four sentences is a text", () => {
    const ids = [...idsOf(GRADED, GOOD_REVIEW), GRADED.vocabulary.eosId];
    expect(GRADED.language.validity(ids)).toEqual({ status: "text", validTokens: ids.length });
  });

  test("points along a text add up to the gold sum of its opinions", () => {
    const ids = idsOf(GRADED, GOOD_REVIEW);
    // clever .5, never dull 1, superb 2, bland -1, not weak 1, good 1, plain 0, typical 0
    expect(GRADED.gold.sum(ids)).toBe(4.5);
    expect(GRADED.language.read(ids)?.points).toBe(4.5);
  });
});

describe("sentiment/synthetic/mood", () => {
  test("moods leave the probabilities of valences as they are", () => {
    const made = moods(0.3, { mild: 0.1, strong: 0.05 });
    expect(made.map(({ name }) => name)).toEqual(["bad", "mixed", "good"]);
    const marginal = VALENCES.map((_, i) =>
      made.reduce((sum, mood) => sum + mood.probability * (mood.valences[i] as number), 0),
    );
    [0.12, 0.22, 0.32, 0.22, 0.12].forEach((p, i) => {
      expect(marginal[i]).toBeCloseTo(p, ROUNDING);
    });
  });

  test("two moods of equal probability leave none mixed", () => {
    expect(moods(0.5, { mild: 0.1, strong: 0.05 }).map(({ name }) => name)).toEqual([
      "bad",
      "good",
    ]);
  });

  test("negation turns around and weakens", () => {
    expect(VALENCES.map(negated)).toEqual([1, 1, 0, -1, -1]);
  });
});

describe("sentiment/synthetic/vocabulary", () => {
  const { vocabulary } = GRADED;

  test("padding is not the end of text", () => {
    expect(vocabulary.padId).not.toBe(vocabulary.eosId);
    expect(vocabulary.tokenizer.padId).toBe(vocabulary.padId);
  });

  test("has 100 to 200 words, none twice", () => {
    const { opinions, nouns, verbs, adverbs, negations } = FULL_LEXICON;
    const words = [...opinions.flat(), ...nouns, ...verbs, ...adverbs, ...negations];
    expect(new Set(words).size).toBe(words.length);
    expect(vocabulary.size).toBeGreaterThanOrEqual(100);
    expect(vocabulary.size).toBeLessThanOrEqual(200);
  });

  test("texts survive decoding and encoding", () => {
    const ids = idsOf(GRADED, GOOD_REVIEW);
    expect(vocabulary.tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(GOOD_REVIEW);
    expect([...vocabulary.tokenizer.encode(GOOD_REVIEW, { addSpecialTokens: true })]).toEqual(ids);
  });
});
