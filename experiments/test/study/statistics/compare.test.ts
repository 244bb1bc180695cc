import { describe, expect, it } from "vitest";
import type { RunResult } from "../../../src/study/results.ts";
import { Resampler } from "../../../src/study/statistics/bootstrap.ts";
import { compareGroups, outcomeOf } from "../../../src/study/statistics/compare.ts";
import { envelope } from "../../../src/study/statistics/frontier.ts";
import type { GroupPoints, PolicyPoint } from "../../../src/study/statistics/points.ts";

const RESAMPLER = new Resampler({ replicates: 500, level: 0.95, seed: 0 });

/** A policy whose prompts have these gold rewards, all of one KL. */
function policy(kl: number, gold: readonly number[]): PolicyPoint {
  const test = { kl, reward: gold.reduce((sum, x) => sum + x, 0) / gold.length };
  // Statistics do not look into the run.
  const run = {} as RunResult;
  return { run, step: 1, test, selection: test, proxy: undefined, gold, kl: gold.map(() => kl) };
}

function group(name: string, ...seeds: (readonly PolicyPoint[])[]): GroupPoints {
  return {
    group: name,
    seeds: seeds.map((points, seed) => {
      const chosen = envelope(points.map(({ selection }) => selection));
      return { seed, points, selected: chosen.map((i) => points[i] as PolicyPoint) };
    }),
  };
}

const estimate = (low: number, high: number) => ({ mean: (low + high) / 2, low, high });

describe("study/statistics/compare", () => {
  it("pairs prompts: a constant difference has no width however much prompts vary", () => {
    const easy = [0.1, 0.9, 0.3, 0.7];
    const ours = group("A", [
      policy(
        1,
        easy.map((x) => x + 0.1),
      ),
      policy(
        3,
        easy.map((x) => x + 0.2),
      ),
    ]);
    const theirs = group("B", [
      policy(1, easy),
      policy(
        3,
        easy.map((x) => x + 0.05),
      ),
    ]);
    const { differences, outcome, range } = compareGroups(ours, theirs, [1, 2, 3], RESAMPLER);
    expect(range).toEqual({ low: 1, high: 3 });
    // At KL 2 half way: 0.15 - 0.025.
    for (const [i, expected] of [0.1, 0.125, 0.15].entries()) {
      const { mean, low, high } = differences[i] ?? estimate(0, 0);
      for (const number of [mean, low, high]) expect(number).toBeCloseTo(expected, 10);
    }
    expect(outcome).toBe("dominates");
    expect(compareGroups(theirs, ours, [1, 2, 3], RESAMPLER).outcome).toBe("dominated");
  });

  it("pairs seeds, and compares common ones only", () => {
    const base = (shift: number) => [
      policy(1, [shift, shift]),
      policy(4, [shift + 0.3, shift + 0.3]),
    ];
    const ours = group("A", base(0.2), base(0.6), base(0.4));
    const theirs = group("B", base(0.1), base(0.5));
    const { seeds, differences } = compareGroups(ours, theirs, [1, 2, 3, 4], RESAMPLER);
    expect(seeds).toEqual([0, 1]);
    for (const { low, high } of differences) {
      expect(low).toBeCloseTo(0.1, 10);
      expect(high).toBeCloseTo(0.1, 10);
    }
  });

  it("is undecided when seeds disagree", () => {
    const flat = (reward: number) => [
      policy(1, [reward, reward]),
      policy(4, [reward, reward + 1e-9]),
    ];
    const ours = group("A", flat(0.5), flat(0.3), flat(0.6));
    const theirs = group("B", flat(0.4), flat(0.45), flat(0.5));
    expect(compareGroups(ours, theirs, [1, 2, 3, 4], RESAMPLER).outcome).toBe("undecided");
  });

  it("compares nowhere that a method was not evaluated on both sides of", () => {
    const low = group("A", [policy(0.5, [0.4, 0.4]), policy(2, [0.6, 0.6])]);
    const high = group("B", [policy(1, [0.3, 0.3]), policy(9, [0.9, 0.9])]);
    const { differences, range } = compareGroups(low, high, [0.5, 1, 1.5, 2, 3], RESAMPLER);
    expect(range).toEqual({ low: 1, high: 2 });
    expect(differences.map(({ kl }) => kl)).toEqual([1, 1.5, 2]);
    const apart = group("C", [policy(5, [0.3, 0.3]), policy(9, [0.9, 0.9])]);
    expect(compareGroups(low, apart, [1, 2, 5], RESAMPLER)).toMatchObject({
      range: null,
      differences: [],
      outcome: "not comparable",
    });
  });

  it("dominates only if every interval excludes 0, at three KL values at least", () => {
    const above = estimate(0.01, 0.2);
    expect(outcomeOf([above, above, above])).toBe("dominates");
    expect(outcomeOf([above, above, estimate(0, 0.2)])).toBe("undecided");
    expect(outcomeOf([above, above, estimate(-0.2, -0.1)])).toBe("undecided");
    expect(outcomeOf([estimate(-0.2, -0.1), estimate(-3, -0.01), estimate(-2, -1)])).toBe(
      "dominated",
    );
    expect(outcomeOf([above, above])).toBe("not comparable");
  });
});
