import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { StudyFacts } from "../../src/policy/statements/check.ts";
import { deviationsOf, UNSTATED } from "../../src/sentiment/deviations.ts";
import { comparePairs } from "../../src/sentiment/preferences.ts";
import { PRESETS, type SentimentPreset } from "../../src/sentiment/presets.ts";
import type { SentimentSettings } from "../../src/sentiment/settings.ts";
import { statementsOf } from "../../src/sentiment/statements.ts";
import type { Enumeration, ListedPolicy } from "../../src/study/enumeration.ts";
import type { RunResult, Statement, StudyResults } from "../../src/study/results.ts";
import { BOOTSTRAP } from "../../src/study/statistics/bootstrap.ts";
import { madeUpResults } from "../study/made-up.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const { settings: quick } = PRESETS["quick"] as SentimentPreset;

/** A study that keeps to the paper in everything. */
const settings: SentimentSettings = {
  ...quick,
  seeds: 5,
};

const facts: StudyFacts<SentimentSettings> = {
  settings,
  backbone: { parameters: 1e5, crossEntropy: 2.3, entropy: 2.28, tokens: 1e6 },
  preferences: { goldLabels: 8000, pairs: 11500, ties: 500, sampledTokens: 160_000 },
  rewardModel: {
    ...{ accuracy: 0.93, calibrationError: 0.02, pairs: 10_000, heldOutPairs: 1500 },
    ...{ trainTokens: 1e6, bestStep: 300 },
  },
  tuning: PRESETS["quick"]?.tuning ?? null,
};

/** Made-up results of five seeds with deviations, errors of all estimators and one SFT. */
const results: StudyResults = everywhere(
  { ...madeUpResults({ seeds: 5 }), deviations: deviationsOf("quick", settings) },
  (run) => ({
    ...run,
    evaluations: run.evaluations.map((evaluation) => ({
      ...evaluation,
      ...{ kl_k1_error: evaluation.kl_error, kl_k3_error: evaluation.kl_error },
      proxy: evaluation.proxy ?? 0,
    })),
  }),
);

/** Few replicates: no statement is decided by the last digits of an interval. */
function statements(study: StudyResults, known: StudyFacts<SentimentSettings>): Statement[] {
  return statementsOf(study, known, { ...BOOTSTRAP, replicates: 50 });
}

function everywhere(study: StudyResults, change: (run: RunResult) => RunResult): StudyResults {
  return { ...study, runs: study.runs.map(change) };
}

function groupOf(group: string, change: (run: RunResult) => RunResult): StudyResults {
  return everywhere(results, (run) => (run.group === group ? change(run) : run));
}

function statement(number: number, study = results, known = facts): Statement {
  return statements(study, known).find((one) => one.number === number) as Statement;
}

const ESTIMATES = {
  ...{ reward: 0.7, reward_error: 0.01, kl: 0.5, kl_error: 0.01 },
  ...{ kl_k1: 0.51, kl_k1_error: 0.01, kl_k3: 0.49, kl_k3_error: 0.01, least_kl: 0 },
};

/** What was listed, with a change to a policy: of best-of-n if it has a bound. */
function listedWith(change: Partial<ListedPolicy>): Enumeration {
  const policy = { reward: 0.7, kl: 0.5, limit: 0.71, importance_limit: 0.708 };
  const best = { name: "best of 4", reward: 0.7, kl: 0.6, limit: 0.72, kl_bound: 0.64 };
  const isBest = change.kl_bound !== undefined;
  return {
    ...{ completions: 5461, beta: 1, samples: 100 },
    policies: [
      { name: "DPO", ...policy, sampled: ESTIMATES, ...(isBest ? {} : change) },
      { ...best, ...(isBest ? { ...policy, ...change } : {}) },
    ],
  };
}

describe("sentiment/statements", () => {
  test("are all 23, in order, each in words and with a place where it is checked", () => {
    const all = statements(results, facts);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
    for (const { text, where, detail } of all) {
      expect(text.length).toBeGreaterThan(40);
      expect(where.length).toBeGreaterThan(5);
      expect(detail).toMatch(/\.$/);
    }
  });

  test("name tests that are there", () => {
    const paths = statements(results, facts).flatMap(({ where }) =>
      where.split(", ").filter((part) => part.includes(".test.ts")),
    );
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  test("of the dialogue experiment are not applicable", () => {
    for (const number of [20, 21]) {
      expect(statement(number)).toMatchObject({ outcome: "not applicable" });
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 23])(
    "%d holds for results that are as they should be",
    (number) => {
      const { outcome, detail } = statement(number);
      expect(outcome, detail).toBe("holds");
    },
  );

  test("5 fails where the exact KL is negative, estimators disagree, or their errors are missing", () => {
    const changed = (change: object) =>
      groupOf("DPO", (run) => ({
        ...run,
        evaluations: run.evaluations.map((evaluation) => ({ ...evaluation, ...change })),
      }));
    expect(statement(5, changed({ kl: -0.1 })).outcome).toBe("fails");
    const apart = statement(5, changed({ kl: 1, kl_error: 0.1, kl_k1: 1.5, kl_k1_error: 0.1 }));
    expect(apart).toMatchObject({ outcome: "fails" });
    expect(apart.detail).toContain("k1 is further apart in 180 and k3 in");
    expect(statement(5, changed({ kl_k3_error: undefined })).outcome).toBe("fails");
  });

  test("6 fails for a policy above the limit, and names it", () => {
    const above = groupOf("DPO", (run) => ({
      ...run,
      evaluations: run.evaluations.map((one) => ({ ...one, gold: 0.99, gold_error: 0.001 })),
    }));
    const { outcome, detail } = statement(6, above);
    expect(outcome).toBe("fails");
    expect(detail).toContain("above it: run/dpo-0.05-seed0 at");
  });

  test("6 and 7 are not applicable where the limit is not known", () => {
    const study = { ...results, limit: [] };
    expect(statement(6, study).outcome).toBe("not applicable");
    expect(statement(7, study).outcome).toBe("not applicable");
  });

  test("6 says the exact limit of the language beside that of the reference", () => {
    const language_limit = results.limit.map((point) => ({ ...point, reward: 0.5 }));
    const { outcome, detail } = statement(6, { ...results, language_limit });
    expect(outcome).toBe("holds");
    expect(detail).toMatch(/The limit, and in brackets .+ \(0\.5\) at KL 1, .+ \(0\.5\) at KL 4\./);
  });

  test("5 to 7 hold where completions were listed, too, and say so", () => {
    const study = { ...results, enumeration: listedWith({}) };
    expect(statement(5, study).outcome).toBe("holds");
    expect(statement(5, study).detail).toContain("4 of 4 estimates for DPO are within 3");
    expect(statement(6, study).detail).toMatch(
      /below the limit by \(β = 1\): DPO 0\.01; importance sampling gives the limit within 0\.002\.$/,
    );
    expect(statement(7, study).detail).toContain("best of 4 is 0.02 below, with KL 0.6 of at most");
    expect(statement(6, { ...study, limit: [] }).outcome).toBe("holds");
  });

  test.each([
    [5, { sampled: { ...ESTIMATES, kl_k1: 0.54 } }],
    [5, { sampled: { ...ESTIMATES, least_kl: -0.1 } }],
    [6, { reward: 0.711 }],
    [7, { kl_bound: 0.4 }],
    [7, { kl_bound: 0.7, reward: 0.711 }],
  ])("%d fails where listed completions contradict it: %j", (number, change) => {
    const enumeration = listedWith(change);
    expect(statement(number, { ...results, enumeration }).outcome).toBe("fails");
    expect(statement(number, { ...results, limit: [], enumeration }).outcome).toBe("fails");
  });

  test("7 fails for best-of-n above the limit, and beyond its KL", () => {
    const changed = (change: object) => ({
      ...results,
      best_of_n: results.best_of_n.map((point) => ({ ...point, ...change })),
    });
    expect(statement(7, changed({ gold: 1 })).outcome).toBe("fails");
    expect(statement(7, changed({ kl_exact: 9 })).detail).toContain("16 beyond the bound of KL");
  });

  test.each([
    [8, { preferences: { ...facts.preferences, ties: 499 } }],
    [10, { rewardModel: { ...facts.rewardModel, accuracy: 0.89 } }],
    [10, { rewardModel: { ...facts.rewardModel, bestStep: null } }],
    [10, { settings: { ...settings, rewardModel: { ...settings.rewardModel, epochs: 4 } } }],
    [11, { settings: { ...settings, grid: { ...settings.grid, dpoBetas: [0.1, 1] } } }],
    [11, { settings: { ...settings, seeds: 4 } }],
    [12, { settings: { ...settings, direct: { ...quick.direct, warmupSteps: 50 } } }],
    [14, { settings: { ...settings, direct: { ...settings.direct, evalEvery: 200 } } }],
    [15, { tuning: null }],
  ])("%d fails for other settings and facts: %j", (number, change) => {
    const { outcome, detail } = statement(number, results, { ...facts, ...change });
    expect(outcome, detail).toBe("fails");
  });

  test("13 fails for PPO without its target, and for samples that nobody records", () => {
    const untold = groupOf("PPO", ({ target_kl: _, ...run }) => run);
    expect(statement(13, untold)).toMatchObject({ outcome: "fails" });
    expect(statement(13, untold).detail).toContain("40 of 60 runs report both");
    expect(statement(13, { ...results, deviations: [] }).outcome).toBe("fails");
  });

  test("15 fails for a run that has cost nothing", () => {
    const free = groupOf("IPO", (run) => ({ ...run, costs: { ...run.costs, flops: 0 } }));
    expect(statement(15, free)).toMatchObject({ outcome: "fails" });
    expect(statement(15, free).detail).toContain("none for run/ipo-");
  });

  test("16 fails with fewer than five seeds, whatever they say", () => {
    const few = { ...results, seeds: [0], runs: results.runs.filter(({ seed }) => seed === 0) };
    expect(statement(16, few)).toMatchObject({ outcome: "fails" });
    expect(statement(16, few).detail).toMatch(/^1 seeds; DPO against PPO: /);
  });

  test("17 fails for one seed whose KL does not fall, and says how many do", () => {
    const flat = everywhere(results, (run) =>
      run.group === "DPO" && run.seed === 3
        ? { ...run, evaluations: run.evaluations.map((one) => ({ ...one, kl: 1 })) }
        : run,
    );
    expect(statement(17, flat)).toMatchObject({ outcome: "fails" });
    expect(statement(17, flat).detail).toContain("Strictly for 4 of 5 seeds");
    const none = { ...results, runs: results.runs.filter(({ group }) => group !== "DPO") };
    expect(statement(17, none).outcome).toBe("not applicable");
  });

  test("18 says what was measured: validity by α, and where Preferred-FT stays", () => {
    expect(statement(18).detail).toMatch(
      /^Share of valid texts: reference .+ at α = 0.05 and .+ at α = 1\. KL of Preferred-FT .+\.$/,
    );
  });

  test("19 fails where PPO is not tested", () => {
    const none = { ...results, runs: results.runs.filter(({ group }) => group !== "PPO") };
    expect(statement(19, none)).toMatchObject({ outcome: "fails" });
    expect(statement(19).detail).toContain("PPO: ");
  });

  test("22 names what is not in the table", () => {
    const deviations = results.deviations.filter(({ item }) => item !== "ties");
    expect(statement(22, { ...results, deviations })).toMatchObject({
      outcome: "fails",
      detail: "Not in the table: ties.",
    });
    expect(UNSTATED.length).toBeGreaterThan(5);
  });

  test("23 holds for an adverse result, and shows it with its gap to the limit", () => {
    const adverse: StudyResults = {
      ...madeUpResults({ seeds: 5, efficiency: { DPO: 0.3, "PPO-GT": 0.95 } }),
    };
    const { outcome, detail } = statement(23, adverse);
    expect(outcome).toBe("holds");
    expect(detail).toMatch(/DPO against PPO-GT: dominated \(PPO-GT .+ below the limit at KL/);
  });

  test("9: the completion of more gold reward is chosen, ties are left out", () => {
    const row = { promptIds: [0, 5], completions: [[1], [2], [3]] };
    const { pairs, ties } = comparePairs(row, [0.2, 0.9, 0.2], 4);
    const common = { promptIds: [0, 5], meta: { row: 4 } };
    expect(pairs).toEqual([
      { ...common, chosenIds: [2], rejectedIds: [1] },
      { ...common, chosenIds: [2], rejectedIds: [3] },
    ]);
    expect(ties).toBe(1);
  });
});
