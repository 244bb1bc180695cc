import { describe, expect, test } from "vitest";
import { JUDGES, type JudgeSettings, NoisyJudge } from "../../../src/dialogue/synthetic/judges.ts";
import { LABEL_KAPPA, preferences } from "../../../src/dialogue/synthetic/preferences.ts";
import { ROUNDING, STANDARD_ERRORS, TASK } from "./tasks.ts";

const PROMPTS = TASK.prompts.draw("test", 20, 2);

/** The rates in the source are of many prompts; those of 20 differ by their intents. */
const RATE_TOLERANCE = 0.03;

/** Exact agreement with the gold order over pairs of the mixture that gold tells apart. */
function agreement(settings: JudgeSettings): number {
  const judge = new NoisyJudge(TASK, settings, 0);
  let [agreed, all] = [0, 0];
  for (const prompt of PROMPTS) {
    const outcomes = TASK.outcomes(prompt.asked);
    for (const a of outcomes) {
      for (const b of outcomes) {
        if (a.gold <= b.gold) continue;
        const weight = a.probability * b.probability;
        const first = judge.probability(prompt, a.ids, b.ids);
        const second = 1 - judge.probability(prompt, b.ids, a.ids);
        agreed += (weight * (first + second)) / 2;
        all += weight;
      }
    }
  }
  return agreed / all;
}

describe("dialogue/synthetic/judges", () => {
  test("agree with gold in 65 to 85 % of the cases, the one that likes length least", () => {
    const [simple, concise, human] = [JUDGES.simple, JUDGES.concise, JUDGES.human].map(agreement);
    expect(Math.abs((simple as number) - 0.73)).toBeLessThan(RATE_TOLERANCE);
    expect(Math.abs((concise as number) - 0.8)).toBeLessThan(RATE_TOLERANCE);
    expect(Math.abs((human as number) - 0.76)).toBeLessThan(RATE_TOLERANCE);
    for (const rate of [simple, concise, human]) {
      expect(rate).toBeGreaterThan(0.65);
      expect(rate).toBeLessThan(0.85);
    }
    expect(simple).toBeLessThan(concise as number);
  });

  const [prompt] = PROMPTS;
  if (!prompt) throw new Error("Expected a prompt.");
  const outcomes = TASK.outcomes(prompt.asked);
  const [short, long] = [outcomes.map(({ ids }) => ids)].map((all) => {
    const best = TASK.bestCompletion(prompt.asked);
    const wordy = all.filter((ids) => TASK.assess(prompt.asked, ids).answered === 1);
    return [best, wordy.toSorted((a, b) => b.length - a.length)[0] as readonly number[]] as const;
  })[0] as readonly [readonly number[], readonly number[]];

  test("prefer the longer of two right answers, or the shorter", () => {
    const prefersLong = (settings: JudgeSettings) =>
      new NoisyJudge(TASK, { ...settings, positionBias: 0 }, 0).probability(prompt, long, short);
    expect(prefersLong(JUDGES.simple)).toBeGreaterThan(0.5);
    expect(prefersLong(JUDGES.concise)).toBeLessThan(0.5);
    // sigmoid(2.5 (-0.04 + 0.1) words) and sigmoid(2.5 (-0.04) words)
    const words = Math.min(20, long.length - short.length);
    expect(prefersLong(JUDGES.concise)).toBeCloseTo(1 / (1 + Math.exp(0.1 * words)), ROUNDING);
  });

  test("say the same when asked again, and swapping changes the position bias alone", () => {
    const fair = new NoisyJudge(TASK, JUDGES.human, 7);
    const biased = new NoisyJudge(TASK, JUDGES.concise, 7);
    let changed = 0;
    for (const [i, a] of outcomes.entries()) {
      for (const b of outcomes.slice(i + 1)) {
        expect(fair.verdict(prompt, a.ids, b.ids)).toBe(fair.verdict(prompt, a.ids, b.ids));
        expect(fair.verdict(prompt, a.ids, b.ids)).toBe(1 - fair.verdict(prompt, b.ids, a.ids));
        const sum = biased.verdict(prompt, a.ids, b.ids) + biased.verdict(prompt, b.ids, a.ids);
        // Whoever is first gains, so never does the second win both times by being second.
        expect(sum).toBeGreaterThanOrEqual(1);
        if (sum > 1) changed++;
      }
    }
    expect(changed).toBeGreaterThan(0);
  });

  test("verdicts of many seeds are as frequent as their probability", () => {
    const count = 2000;
    const judges = Array.from({ length: count }, (_, i) => new NoisyJudge(TASK, JUDGES.simple, i));
    const p = judges[0]?.probability(prompt, long, short) as number;
    const wins = judges.filter((judge) => judge.verdict(prompt, long, short) === 1).length;
    const error = Math.sqrt(count * p * (1 - p));
    expect(Math.abs(wins - p * count)).toBeLessThan(STANDARD_ERRORS * error);
  });

  test("the same text twice is a tie", () => {
    const judge = new NoisyJudge(TASK, JUDGES.simple, 0);
    expect(judge.verdict(prompt, short, [...short])).toBe(0.5);
    expect(judge.probability(prompt, short, [...short])).toBe(0.5);
  });
});

describe("dialogue/synthetic/preferences", () => {
  const prompts = TASK.prompts.draw("train", 1500, 0);
  const noisy = preferences(TASK, prompts, { kind: "bradley-terry", kappa: LABEL_KAPPA }, 0);
  const exact = preferences(TASK, prompts, { kind: "deterministic" }, 0);

  test("every prompt has one pair, or is counted as left out", () => {
    expect(noisy.pairs.length + noisy.identical).toBe(prompts.length);
    expect(exact.pairs.length + exact.identical + exact.ties).toBe(prompts.length);
    expect(noisy.ties).toBe(0);
    expect([noisy.identical, exact.ties].every((count) => count > 0)).toBe(true);
    for (const { promptIds, chosenIds, meta } of noisy.pairs) {
      const prompt = prompts[meta?.row as number];
      expect(promptIds).toBe(prompt?.ids);
      expect(TASK.assess(prompt?.asked ?? null, chosenIds).isValid).toBe(true);
    }
  });

  test("more pairs of a prompt begin with its first, and differ", () => {
    const labels = { kind: "bradley-terry", kappa: LABEL_KAPPA } as const;
    const some = prompts.slice(0, 50);
    const three = preferences(TASK, some, labels, 0, 3);
    expect(three.pairs.length + three.identical).toBe(150);
    const textOf = ({ meta, chosenIds, rejectedIds }: (typeof three.pairs)[number]) =>
      JSON.stringify([meta?.row, Array.from(chosenIds), Array.from(rejectedIds)]);
    const texts = three.pairs.map(textOf);
    expect(texts).toEqual(
      expect.arrayContaining(preferences(TASK, some, labels, 0).pairs.map(textOf)),
    );
    expect(new Set(texts).size).toBeGreaterThan(100);
  });

  test("deterministic labels prefer the better one", () => {
    for (const { chosenGold, rejectedGold } of exact.pairs) {
      expect(chosenGold).toBeGreaterThan(rejectedGold);
    }
  });

  test("noisy labels are right as often as their sharpness says", () => {
    const told = noisy.pairs.filter(({ chosenGold, rejectedGold }) => chosenGold !== rejectedGold);
    const chances = told.map(
      ({ chosenGold, rejectedGold }) =>
        1 / (1 + Math.exp(-LABEL_KAPPA * Math.abs(chosenGold - rejectedGold))),
    );
    const expected = chances.reduce((sum, p) => sum + p, 0);
    const error = Math.sqrt(chances.reduce((sum, p) => sum + p * (1 - p), 0));
    const right = told.filter(({ chosenGold, rejectedGold }) => chosenGold > rejectedGold).length;
    expect(Math.abs(right - expected)).toBeLessThan(STANDARD_ERRORS * error);
  });

  test("a prompt's pair depends on its words and the seed alone", () => {
    const labels = { kind: "bradley-terry", kappa: LABEL_KAPPA } as const;
    const [last] = preferences(TASK, prompts.slice(-1), labels, 0).pairs;
    const same = noisy.pairs.find(({ meta }) => meta?.row === prompts.length - 1);
    expect(last?.chosenIds).toEqual(same?.chosenIds);
    expect(preferences(TASK, prompts, labels, 1).pairs).not.toEqual(noisy.pairs);
  });
});
