import { describe, expect, test } from "vitest";
import { summaryTable } from "../../../src/study/report/summary.ts";
import { analyse } from "../../../src/study/statistics/analysis.ts";
import { madeUpResults } from "../made-up.ts";

const OPTIONS = { replicates: 50, level: 0.95, seed: 1 };
const results = madeUpResults({ seeds: 2, prompts: 16 });
const analysis = analyse(results, OPTIONS);
const lines = summaryTable(results, analysis).trimEnd().split("\n");

describe("study/report/summary", () => {
  test("says what the numbers are means of", () => {
    expect(lines[0]).toContain("2 seeds, 16 test prompts");
  });

  test("has a row with as many cells as the header for every setting", () => {
    const rows = lines.slice(2).map((line) => line.split(" | ").length);
    expect(new Set(rows).size).toBe(1);
    const names = lines.slice(4).map((line) => line.replace(/^\| | \|.*$/g, ""));
    expect(names.slice(0, analysis.settings.length)).toEqual(
      analysis.settings.map(({ label }) => label),
    );
  });

  test("gives reward and KL with their intervals", () => {
    const row = lines.find((line) => line.startsWith("| DPO"));
    expect(row).toMatch(/\| [\d.]+ \[[\d.]+, [\d.]+\] \| [\d.]+ \[[\d.]+, [\d.]+\] \|/);
  });
});
