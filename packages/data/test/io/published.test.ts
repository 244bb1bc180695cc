/** The published data sets, whose numbers are known. */
import { inspectFile, lintFile } from "@preflab/data";
import { describeWithData, sharedPath } from "@preflab/testing";
import { expect, test } from "vitest";

const HH = [
  ["helpful-base", 2354, [721, 2168], [120, 740, 1214, 2063], 9],
  ["harmless-base", 2312, [], [86, 516, 925, 1103], 5],
  ["helpful-rejection-sampled", 2749, 32, [], 3],
] as const;

describeWithData(["hh", "imdb"], "io: published data sets", () => {
  test.each(HH)("%s has %i rows and exactly the known errors", async (...expected) => {
    const [name, rows, identical, empty, differ] = expected;
    const report = await lintFile(sharedPath(`hh/${name}.test.jsonl.gz`));
    expect(report.rows).toBe(rows);
    const found = new Map(report.errors.map((finding) => [finding.code, finding]));
    const check = (code: Parameters<typeof found.get>[0], known: number | readonly number[]) => {
      const finding = found.get(code);
      if (typeof known === "number") expect(finding?.count ?? 0).toBe(known);
      else expect(finding?.rows ?? []).toEqual(known);
      found.delete(code);
    };
    check("identical_pair", identical);
    check("empty_completion", empty);
    check("prompts_differ", differ);
    expect([...found.keys()]).toEqual([]);
  });

  test("IMDb has 12,500 reviews of each label and 96 duplicates", async () => {
    const path = sharedPath("imdb/train.jsonl.gz");
    const report = await lintFile(path);
    expect(report).toMatchObject({
      rows: 25_000,
      errors: [],
      warnings: [{ code: "duplicate_text", count: 96 }],
    });
    expect(await inspectFile(path)).toMatchObject({
      rows: 25_000,
      format: "imdb",
      kind: "labeled",
      labels: { 0: 12_500, 1: 12_500 },
      uniquePrompts: 25_000 - 96,
      problems: {},
    });
  });
});
