import { describe, expect, it } from "vitest";
import type { StudyResults } from "../../../src/study/results.ts";
import { type Analysis, analyse } from "../../../src/study/statistics/analysis.ts";
import { aboveLimit, limitAt } from "../../../src/study/statistics/limit.ts";
import { madeUpLimit, madeUpResults } from "../made-up.ts";

const OPTIONS = { replicates: 300, level: 0.95, seed: 0 };

function outcomes({ comparisons }: Analysis): Record<string, string> {
  return Object.fromEntries(comparisons.map(({ rival, outcome }) => [rival, outcome]));
}

describe("study/statistics/analysis", () => {
  const results = madeUpResults();
  const analysis = analyse(results, OPTIONS);

  it("says what the made-up numbers were made to say", () => {
    expect(outcomes(analysis)).toMatchObject({ PPO: "dominates", "PPO-GT (untuned)": "dominates" });
    const other = analyse(madeUpResults({ efficiency: { DPO: 0.3, PPO: 0.9 } }), OPTIONS);
    expect(outcomes(other)["PPO"]).toBe("dominated");
    // DPO is made better at little KL and worse at much.
    const crossing = analyse(madeUpResults({ efficiency: { DPO: 0.76, "PPO-GT": 0.7 } }), OPTIONS);
    expect(outcomes(crossing)["PPO-GT"]).toBe("undecided");
  });

  it("orders hypervolumes as methods were made, within their intervals", () => {
    const gains = new Map(analysis.volume?.groups.map(({ group, gain }) => [group, gain]));
    expect(analysis.volume?.point).toEqual({ kl: 12, reward: analysis.referenceReward });
    expect(gains.get("DPO")?.low).toBeGreaterThan(gains.get("PPO-GT (untuned)")?.high ?? 1);
  });

  it("orders settings by group and knob, and estimates them", () => {
    const dpo = analysis.settings.filter(({ group }) => group === "DPO");
    expect(dpo.map(({ setting }) => setting)).toEqual(["β = 0.05", "β = 0.1", "β = 1", "β = 5"]);
    for (const { gold } of dpo) {
      expect(gold?.low).toBeLessThan(gold?.mean ?? 0);
      expect(gold?.high).toBeGreaterThan(gold?.mean ?? 1);
    }
  });

  it("tests final KL against beta, and against the target where there is one", () => {
    const of = (name: string) => analysis.trends.find(({ group }) => group === name);
    expect(of("DPO")).toMatchObject({ knob: "beta", direction: "falling", monotone: 3, tau: 1 });
    expect(of("DPO")?.p).toBeCloseTo(1 / 24 ** 3, 12);
    expect(of("PPO")).toMatchObject({ knob: "target KL", direction: "rising", monotone: 3 });
    expect(of("Unlikelihood")).toBeUndefined();
  });

  it("finds over-optimisation where it was made, and not elsewhere", () => {
    const of = (name: string) => analysis.overOptimisation.find(({ group }) => group === name);
    expect(of("PPO")?.outcome).toBe("yes");
    expect(of("PPO")?.gold.high).toBeLessThan(0);
    expect(of("PPO")?.proxy).toBeGreaterThan(0);
    expect(of("PPO-GT")?.outcome).not.toBe("yes");
  });

  it("has gaps to the limit of the size that they were made of", () => {
    const gaps = analysis.gaps.find(({ group }) => group === "PPO-GT")?.gaps ?? [];
    const at = gaps.find(({ kl }) => kl === 8);
    // PPO-GT was made to reach 0.7 of the limit's gain, and prompts and seeds add noise.
    expect(Math.abs((at?.mean ?? 1) - 0.3 * (madeUpLimit(8) - 0.34))).toBeLessThan(0.03);
  });

  it("measures gaps to the limit of the reference alone, not of the language", () => {
    const language_limit = results.limit.map((point) => ({ ...point, reward: 0 }));
    expect(analyse({ ...results, language_limit }, OPTIONS)).toEqual(analysis);
  });

  it("selects points by validation where there is one", () => {
    // By validation the third DPO run is the only good one, so the frontier is its point alone.
    const runs = results.runs.map((run) => ({
      ...run,
      evaluations: run.evaluations.map((e) => {
        const reward = run.id.startsWith("run/dpo-1-") ? 0.99 : 0.01;
        return { ...e, validation: { gold: reward, kl: e.kl / 1e6 } };
      }),
    }));
    const validated = analyse({ ...results, runs }, OPTIONS);
    expect(validated.isValidated).toBe(true);
    const ppo = validated.comparisons.find(({ rival }) => rival === "PPO");
    const plain = analysis.comparisons.find(({ rival }) => rival === "PPO");
    expect(ppo?.differences.at(-1)?.mean).not.toBeCloseTo(plain?.differences.at(-1)?.mean ?? 0, 3);
  });

  it("gives equal numbers for equal results", () => {
    expect(analyse(madeUpResults(), OPTIONS)).toEqual(analysis);
  });

  it("works on results without runs, limit and reference", () => {
    const empty: StudyResults = { ...results, runs: [], limit: [], best_of_n: [] };
    expect(analyse(empty, OPTIONS)).toMatchObject({ volume: null, comparisons: [], above: [] });
  });
});

describe("study/statistics/limit", () => {
  const limit = [
    { kl: 0, reward: 0.2, kind: "exact" },
    { kl: 2, reward: 0.6, kind: "exact" },
  ] as const;

  it("interpolates, and knows nothing outside", () => {
    expect(limitAt(limit, 1)).toBeCloseTo(0.4, 12);
    expect(limitAt(limit, 2)).toBe(0.6);
    expect(limitAt(limit, 2.1)).toBeNull();
    expect(limitAt([], 1)).toBeNull();
  });

  it("lists evaluations above it beyond their errors", () => {
    const results = madeUpResults({ seeds: 1, prompts: 4 });
    expect(aboveLimit(results)).toEqual([]);
    const [run] = results.runs.slice(1);
    if (!run) throw new Error("no run");
    const evaluations = run.evaluations
      .slice(0, 1)
      .map((e) => ({ ...e, gold: 0.5, kl: 0, kl_error: 0 }));
    const [found] = aboveLimit({ ...results, runs: [{ ...run, evaluations }] });
    // 0.5 less 1.96 errors of 0.01, above 0.34.
    expect(found?.excess).toBeCloseTo(0.5 - 0.0196 - 0.34, 4);
  });
});
