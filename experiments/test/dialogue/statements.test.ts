import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { deviationsOf, UNSTATED } from "../../src/dialogue/deviations.ts";
import { PRESETS } from "../../src/dialogue/presets.ts";
import type { DialogueSettings } from "../../src/dialogue/settings.ts";
import { statementsOf } from "../../src/dialogue/statements.ts";
import type { StudyFacts } from "../../src/policy/statements/check.ts";
import type { Statement, StudyResults } from "../../src/study/results.ts";
import { BOOTSTRAP } from "../../src/study/statistics/bootstrap.ts";
import { madeUpDialogue } from "../study/made-up-dialogue.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const settings = PRESETS["quick"]?.settings as DialogueSettings;

const facts: StudyFacts<DialogueSettings> = {
  settings,
  backbone: { parameters: 1e5, crossEntropy: 1.3, entropy: 1.28, tokens: 1e6 },
  preferences: { goldLabels: 4000, pairs: 4000, ties: 100, sampledTokens: 0 },
  rewardModel: {
    ...{ accuracy: 0.76, calibrationError: 0.02, pairs: 4000, heldOutPairs: 500 },
    ...{ trainTokens: 1e6, bestStep: 300 },
  },
  tuning: null,
};

/** With everything that the paper measured. */
const results: StudyResults = whole(madeUpDialogue());

function whole(study: StudyResults): StudyResults {
  const point = study.best_of_n[0] as StudyResults["best_of_n"][number];
  const ns = [1, 4, 16, 64, 128].map((n) => ({ ...point, n, win_rate: 0.5, win_rate_error: 0.02 }));
  return { ...study, best_of_n: ns, deviations: deviationsOf("quick", settings) };
}

/** Few replicates: no statement is decided by the last digits of an interval. */
function statements(study: StudyResults): Statement[] {
  return statementsOf(study, facts, { ...BOOTSTRAP, replicates: 50 });
}

function statement(number: number, study = results): Statement {
  return statements(study).find((one) => one.number === number) as Statement;
}

describe("dialogue/statements", () => {
  test("are all 23, in order, those of the other experiment not applicable", () => {
    const all = statements(results);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
    for (const number of [8, 9, 10, 11]) {
      expect(statement(number).outcome).toBe("not applicable");
    }
  });

  test("name tests that are there", () => {
    for (const { where } of statements(results)) {
      const files = where.split(", ").filter((part) => part.endsWith(".test.ts"));
      for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
  });

  test("20 holds where all is measured, and says what came out", () => {
    const { outcome, detail } = statement(20);
    expect([outcome, detail.slice(0, 13)]).toEqual(["holds", "All measured."]);
    expect(detail).toContain("at T 0.25");
    expect(detail).toContain("above chosen replies");
    expect(detail).toContain("Its best is above 0.5");
    expect(detail).toContain("DPO less Best of N");
    expect(detail).toContain("DPO less PPO");
    expect(detail).toContain("at step");
    expect(detail).toContain("Agreement: S (likes length) with gold 0.7 to 0.75; C (concise) with");
    expect(detail).toContain("seen first: S (likes length) 58 %, C (concise) 51 %.");
  });

  test("20 holds for an unfavourable result too, and says so", () => {
    const { outcome, detail } = statement(
      20,
      whole(madeUpDialogue({ rates: { DPO: 0.2, PPO: 0.55, "Best of N": 0.6 } })),
    );
    expect(outcome).toBe("holds");
    expect(detail).toContain("below chosen replies");
    expect(detail).toContain("Its best is below 0.5");
    expect(detail).toContain("below Best of N");
    expect(detail).toContain("below PPO");
  });

  test("20 fails where something was not measured, and names it", () => {
    const { comparisons } = results;
    if (!comparisons) throw new Error("Expected comparisons.");
    const lacking: StudyResults = {
      ...results,
      best_of_n: results.best_of_n.filter(({ n }) => n !== 64),
      comparisons: {
        ...{ ...comparisons, agreement: [] },
        policies: comparisons.policies
          .filter(({ group }) => group !== "Few-shot")
          .map((policy) => ({
            ...policy,
            points: policy.points.filter(
              ({ temperature }) => policy.group !== "PPO" || temperature !== 0.7,
            ),
          })),
      },
    };
    const { outcome, detail } = statement(20, lacking);
    expect(outcome).toBe("fails");
    expect(detail).toContain(
      "Not measured: Few-shot at T 0, 0.25, 0.5, 0.7, 1; PPO at T 0.7; best-of-N at N 64; " +
        "agreement of judges.",
    );
  });

  test("20 fails without win rates over training", () => {
    const runs = results.runs.map((run) => ({
      ...run,
      evaluations: run.evaluations.map(({ win_rate: _, ...rest }) => rest),
    }));
    const { outcome, detail } = statement(20, { ...results, runs });
    expect(outcome).toBe("fails");
    expect(detail).toContain("win rates over training");
  });

  test("21 gives standard errors on new topics, and asks for both temperatures", () => {
    const { outcome, detail } = statement(21);
    expect(outcome).toBe("holds");
    expect(detail).toMatch(/DPO.*: 0\.\d+ ± 0\.\d+ at T 0, .*PPO.*: 0\.\d+ ± 0\.\d+ at T 0,/);
    expect(
      statement(
        21,
        without((temperature) => temperature === 0.25),
      ).outcome,
    ).toBe("fails");
    expect(
      statement(
        21,
        without(() => true),
      ).outcome,
    ).toBe("not applicable");
  });

  test("15 asks for no costs of models that are measured as they are", () => {
    expect(statement(15).detail).not.toContain("backbone");
  });

  test("22 names what is not in the table", () => {
    expect(statement(22).outcome).toBe("holds");
    const deviations = results.deviations.filter(({ item }) => item !== UNSTATED[0]);
    expect(statement(22, { ...results, deviations }).detail).toContain(UNSTATED[0] ?? "");
  });
});

/** Without those points on new topics. */
function without(isLeftOut: (temperature: number) => boolean): StudyResults {
  const { comparisons } = results;
  if (!comparisons) throw new Error("Expected comparisons.");
  const policies = comparisons.policies.map((policy) => ({
    ...policy,
    points: policy.points.filter(
      ({ prompts, temperature }) => prompts === "test" || !isLeftOut(temperature),
    ),
  }));
  return { ...results, comparisons: { ...comparisons, policies } };
}
