import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  expectationOf,
  movedNumbers,
  readExpectation,
  writeExpectation,
} from "../../src/study/regress.ts";
import type { Evaluation, RunResult, StudyResults } from "../../src/study/results.ts";
import { madeUpResults } from "./made-up.ts";
import { temporaryFolder } from "./stages.ts";

const LABEL = "DPO, β = 0.1";
const five = madeUpResults({ seeds: 5 });
const expectation = expectationOf(five, "ort");

function ofSeed(study: StudyResults, seed: number): StudyResults {
  return { ...study, runs: study.runs.filter((run) => run.seed === seed) };
}

function changed(study: StudyResults, change: (final: Evaluation) => Partial<Evaluation>) {
  const runs = study.runs.map((run): RunResult => {
    const final = run.evaluations.at(-1) as Evaluation;
    if (run.label !== LABEL) return run;
    return {
      ...run,
      evaluations: [...run.evaluations.slice(0, -1), { ...final, ...change(final) }],
    };
  });
  return { ...study, runs };
}

describe("study/regress", () => {
  test("expects eight metrics of every setting, and best-of-n", () => {
    const of = expectation.numbers.filter((entry) => entry.of === LABEL);
    expect(of.map(({ metric }) => metric)).toEqual([
      ...["gold", "proxy", "kl", "length", "eos_rate", "validity", "distinct_2", "chosen_logp"],
    ]);
    expect(expectation.numbers.filter((entry) => entry.of.startsWith("best of"))).toHaveLength(16);
    expect(expectation.numbers.every(({ margin }) => margin > 0)).toBe(true);
  });

  test("margins are four deviations of a new value, from seeds and from sampling", () => {
    const values = five.runs
      .filter(({ label }) => label === LABEL)
      .map(({ evaluations }) => evaluations.at(-1)?.gold as number);
    // All runs spread alike: the pooled variance is the run's own.
    const alike = {
      ...five,
      runs: five.runs.filter(({ label }) => label === LABEL),
      best_of_n: [],
    };
    const [gold] = expectationOf(alike, "ort").numbers;
    const mean = values.reduce((sum, x) => sum + x, 0) / 5;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4;
    expect(gold?.mean).toBeCloseTo(mean, 12);
    expect(gold?.margin).toBeCloseTo(4 * Math.sqrt(variance * 1.2 + 0.01 ** 2), 5);
  });

  test("the spread of a large KL does not widen the interval of a small one", () => {
    const marginOf = (label: string) =>
      expectation.numbers.find(({ of, metric }) => of === label && metric === "kl") ?? {
        ...{ mean: 0, margin: 0 },
      };
    const small = marginOf("DPO, β = 5");
    expect(small.mean).toBeLessThan(0.3);
    expect(small.margin).toBeLessThan(small.mean);
  });

  test("no seed has moved against what all seeds expect", () => {
    for (let seed = 0; seed < 5; seed++) {
      const moved = movedNumbers(ofSeed(five, seed), expectation);
      // The reference is there with the first seed only.
      expect(moved.filter(({ of }) => seed === 0 || !of.startsWith("SFT"))).toEqual([]);
    }
  });

  test("names what moved, and nothing else", () => {
    const margin = (metric: string) =>
      expectation.numbers.find((entry) => entry.of === LABEL && entry.metric === metric)
        ?.margin as number;
    const moved = changed(ofSeed(five, 0), ({ kl }) => ({ kl: kl + 2 * margin("kl") }));
    expect(movedNumbers(moved, expectation)).toEqual([
      expect.objectContaining({ of: LABEL, metric: "kl" }),
    ]);
    const less = changed(ofSeed(five, 0), ({ gold }) => ({ gold: gold - 2 * margin("gold") }));
    expect(movedNumbers(less, expectation).map(({ metric }) => metric)).toEqual(["gold"]);
  });

  test("runs that are missing or new have moved", () => {
    const first = ofSeed(five, 0);
    const missing = { ...first, runs: first.runs.filter(({ label }) => label !== LABEL) };
    const moved = movedNumbers(missing, expectation);
    expect(moved).toHaveLength(8);
    expect(moved[0]).toMatchObject({ of: LABEL, metric: "gold", value: null });
    const numbers = expectation.numbers.filter(({ of }) => of !== LABEL);
    const added = movedNumbers(first, { ...expectation, numbers });
    expect(added).toHaveLength(8);
    expect(added[0]).toMatchObject({ of: LABEL, metric: "gold", expected: null });
  });

  test("a failed run has moved", () => {
    const first = ofSeed(five, 0);
    const runs = first.runs.map((run) =>
      run.label === LABEL ? { ...run, evaluations: [], status: "failed" as const } : run,
    );
    expect(movedNumbers({ ...first, runs }, expectation)).toHaveLength(8);
  });

  test("is written a number a line and read back; the rule is in the file", async () => {
    const path = join(temporaryFolder(), "expectation.json");
    await writeExpectation(path, expectation);
    const text = readFileSync(path, "utf8");
    expect(text.split("\n").filter((line) => line.includes('"margin"'))).toHaveLength(
      expectation.numbers.length,
    );
    expect(text).toContain("4 standard deviations of a new value");
    const read = await readExpectation(path, "renew");
    expect(read.numbers[0]?.mean).toBeCloseTo(expectation.numbers[0]?.mean as number, 5);
    expect(movedNumbers(ofSeed(five, 0), read)).toEqual([]);
  });

  test("a missing and a damaged file name the command that makes one", async () => {
    const path = join(temporaryFolder(), "expectation.json");
    await expect(readExpectation(path, "npx renew")).rejects.toThrow(
      "got none. Make it: npx renew",
    );
    writeFileSync(path, '{"version":2}');
    await expect(readExpectation(path, "npx renew")).rejects.toThrow("Make it anew: npx renew");
    writeFileSync(path, "{");
    await expect(readExpectation(path, "npx renew")).rejects.toThrow("Make it anew: npx renew");
  });
});
