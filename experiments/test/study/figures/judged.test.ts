import { describe, expect, it } from "vitest";
import type { Spec } from "../../../src/study/figures/parts.ts";
import { renderSvg } from "../../../src/study/figures/render.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { madeUpResults } from "../made-up.ts";
import { madeUpDialogue, TEMPERATURES } from "../made-up-dialogue.ts";
import { figuresOf, rowsOf, warningsOf } from "./specs.ts";

const JUDGED = ["win-rate", "win-rate-settings", "win-rate-training", "best-of-n"] as const;

/** Results with a change of what judges said. */
function compared(
  results: StudyResults,
  change: (comparisons: NonNullable<StudyResults["comparisons"]>) => object,
): StudyResults {
  const { comparisons } = results;
  if (!comparisons) throw new Error("expected comparisons");
  return { ...results, comparisons: { ...comparisons, ...change(comparisons) } };
}

/** What is written below and above a figure, as one text. */
function titleOf(spec: Spec | undefined): string {
  const { text, subtitle } = (spec?.["title"] ?? {}) as { text: string; subtitle: string[] };
  return [text, ...subtitle].join(" ");
}

describe("study/figures of what judges say", () => {
  const results = madeUpDialogue({ seeds: 2, prompts: 24 });
  const specs = figuresOf(results);

  it.each(JUDGED)("compiles %s without a warning, and renders numbers only", async (name) => {
    const spec = specs[name] as Spec;
    expect(warningsOf(spec)).toEqual([]);
    expect(await renderSvg(spec)).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  it.each(JUDGED)("names the judge and how far it is to be trusted on %s", (name) => {
    const title = titleOf(specs[name]);
    expect(title).toContain("Judge: made-up preference model. A model of preferences that was");
    expect(title).toContain("the label of people for 64 % [61, 67] of 1200 held-out pairs.");
  });

  it("draws none of them of a study without judges", () => {
    const names = Object.keys(figuresOf(madeUpResults({ seeds: 1, prompts: 4 })));
    expect(names.filter((name) => (JUDGED as readonly string[]).includes(name))).toEqual([]);
  });

  it("shows one setting of each method at every temperature, and says which", () => {
    const rows = rowsOf(specs["win-rate"]).filter(({ group }) => group !== undefined);
    const groups = ["DPO", "PPO", "PPO-GT", "Preferred-FT", "Best of N", "Base", "Few-shot"];
    expect([...new Set(rows.map(({ group }) => group))]).toEqual(groups);
    expect(rows).toHaveLength(groups.length * TEMPERATURES.length);
    for (const { low, win, high } of rows) {
      expect(Number(low)).toBeLessThanOrEqual(Number(win));
      expect(Number(win)).toBeLessThanOrEqual(Number(high));
    }
    expect(titleOf(specs["win-rate"])).toMatch(
      /Of most reward on validation prompts: DPO, β = [\d.]+; PPO, target KL = \d+; PPO-GT, target KL/,
    );
    expect(titleOf(specs["win-rate"])).toContain("The only setting: Best of N, N = 64");
    const unvalidated = results.runs.map((run) => ({
      ...run,
      evaluations: run.evaluations.map(({ validation: _, ...rest }) => rest),
    }));
    const other = figuresOf({ ...results, runs: unvalidated });
    expect(titleOf(other["win-rate"])).toMatch(
      /Of most wins on these prompts, so a little too high: DPO, β = 1; PPO/,
    );
  });

  it("has a panel for each method with several settings, and a line for each of them", () => {
    const rows = rowsOf(specs["win-rate-settings"]).filter(({ panel }) => panel !== undefined);
    expect([...new Set(rows.map(({ panel }) => panel))]).toEqual([
      ...["DPO: β", "PPO: target KL", "PPO-GT: target KL"],
    ]);
    const names = rows.filter(({ name }) => name !== null).map(({ group, name }) => [group, name]);
    expect(names).toHaveLength(12);
    expect(names).toContainEqual(["DPO", "0.05"]);
    const one = compared(results, ({ policies }) => ({
      policies: policies.filter(({ id }) => /^run\/dpo-1-|few-shot|sft/.test(id)),
    }));
    expect(figuresOf(one)["win-rate-settings"]).toBeUndefined();
  });

  it("begins win rates over training at the reference, with a line at even", () => {
    const rows = rowsOf(specs["win-rate-training"]);
    expect(rows.filter(({ at }) => at === 0.5).length).toBeGreaterThan(0);
    const first = rows.filter(({ examples, name }) => examples === 0 && name === null);
    expect(first).toHaveLength(12);
  });

  it("leaves out win rates over training and best-of-n that were not judged", () => {
    const runs = results.runs.map((run) => ({
      ...run,
      evaluations: run.evaluations.map(({ win_rate: _, ...rest }) => rest),
    }));
    const best_of_n = results.best_of_n.map(({ win_rate: _, ...rest }) => rest);
    const few = figuresOf({ ...results, runs, best_of_n });
    expect(Object.keys(few)).toContain("win-rate");
    expect(Object.keys(few)).not.toContain("win-rate-training");
    expect(Object.keys(few)).not.toContain("best-of-n");
  });

  it("shows best-of-n by either reward with intervals, beside the subject", () => {
    const rows = rowsOf(specs["best-of-n"]);
    const learned = rows.filter(({ text }) => `${text}`.includes("by learned: win rate"));
    expect(learned).toHaveLength(8);
    for (const { low, value, high } of learned) {
      // 1.96 errors of 0.014 on either side.
      expect(Number(high) - Number(value)).toBeCloseTo(0.0274, 4);
      expect(Number(value) - Number(low)).toBeCloseTo(0.0274, 4);
    }
    const subject = rowsOf(specs["win-rate"]).find(({ text }) =>
      /^DPO.*temperature 1: /.test(`${text}`),
    );
    expect(rows.some(({ at }) => at === subject?.["win"])).toBe(true);
  });

  it("gives groups that are no runs a style of their own and leaves those of others", () => {
    const colors = (spec: Spec | undefined) => {
      const [, domain, range] =
        /"domain":\[("DPO"[^\]]*)\],"range":\[("#[^\]]*)\]/.exec(JSON.stringify(spec)) ?? [];
      const [names, values] = [domain, range].map((list) => JSON.parse(`[${list}]`) as string[]);
      return new Map(names?.map((name, i) => [name, values?.[i]]));
    };
    const [all, runsOnly] = [colors(specs["win-rate"]), colors(specs["frontier"])];
    expect(new Set(all.values()).size).toBe(7);
    for (const [group, color] of runsOnly) expect(all.get(group)).toBe(color);
  });

  it("works with one policy at one temperature", () => {
    const one = compared(results, ({ policies }) => ({
      policies: policies
        .filter(({ id }) => id === "few-shot")
        .map((policy) => ({ ...policy, points: policy.points.slice(0, 1) })),
    }));
    const spec = figuresOf(one)["win-rate"] as Spec;
    expect(warningsOf(spec)).toEqual([]);
    expect(rowsOf(spec).filter(({ group }) => group === "Few-shot")).toHaveLength(1);
  });
});
