import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError } from "../../src/errors.ts";
import { groupsOf, type RunResult, type StudyResults, settingOf } from "../../src/study/results.ts";
import {
  formatResults,
  parseResults,
  readResults,
  writeResults,
} from "../../src/study/results-file.ts";
import { madeUpResults } from "./made-up.ts";

const results = madeUpResults({ seeds: 2, prompts: 4 });

/** Results with a change of the first run with evaluations. */
function withRun(change: (run: RunResult) => object): StudyResults {
  const [first, ...others] = results.runs;
  return {
    ...results,
    runs: [{ ...first, ...change(first as RunResult) } as RunResult, ...others],
  };
}

describe("study/results-file", () => {
  it("reads what it wrote, and writes that the same", async () => {
    const folder = await mkdtemp(join(tmpdir(), "results-"));
    try {
      const path = join(folder, "results.json");
      await writeResults(path, results);
      const again = await readResults(path);
      expect(formatResults(again)).toBe(await readFile(path, "utf8"));
      expect(again.runs).toHaveLength(results.runs.length);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("writes the same for runs and keys in another order", () => {
    const turned = Object.fromEntries(Object.entries(results).reverse());
    // Object.fromEntries forgets the type.
    const other = { ...(turned as unknown as StudyResults), runs: [...results.runs].reverse() };
    expect(formatResults(other)).toBe(formatResults(results));
  });

  it("rounds to 12 significant digits and has no -0", () => {
    const task = { third: 1 / 3, sum: 0.1 + 0.2, zero: -0, large: 12345678901234 };
    const { task: written } = JSON.parse(formatResults({ ...results, task })) as StudyResults;
    expect(written).toEqual({ large: 12345678901200, sum: 0.3, third: 0.333333333333, zero: 0 });
  });

  it("rounds numbers per prompt to 5 significant digits", () => {
    const per_prompt = { gold: [1 / 3], kl: [12.3456789] };
    const one = withRun(({ evaluations }) => ({
      evaluations: evaluations.slice(0, 1).map((e) => ({ ...e, per_prompt })),
    }));
    const { runs } = JSON.parse(
      formatResults({ ...one, runs: one.runs.slice(0, 1) }),
    ) as StudyResults;
    expect(runs[0]?.evaluations[0]?.per_prompt).toEqual({ gold: [0.33333], kl: [12.346] });
  });

  it("refuses numbers that JSON lacks and says where they are", () => {
    expect(() => formatResults(withRun(() => ({ seed: Number.NaN })))).toThrow(
      /got NaN at results\.runs\[\d+\]\.seed/,
    );
  });

  it.each([
    [
      "a missing field",
      (run: RunResult) => ({ costs: { ...run.costs, flops: undefined } }),
      "flops: expected a finite number, got nothing",
    ],
    ["a wrong type", () => ({ group: 3 }), "group: expected a text, got 3"],
    ["an unknown field", () => ({ colour: "red" }), "colour: expected only id, method"],
    [
      "an unknown status",
      () => ({ status: "fine" }),
      'status: expected "ok" or "collapsed" or "failed", got "fine"',
    ],
  ])("names the path of %s", (_, change, message) => {
    expect(() => parseResults(formatResults(withRun(change)))).toThrow(message);
  });

  it("refuses numbers per prompt of another number of prompts", () => {
    const broken = withRun(({ evaluations }) => ({
      evaluations: evaluations.map((e) => ({ ...e, per_prompt: { gold: [1], kl: [1] } })),
    }));
    expect(() => parseResults(formatResults(broken))).toThrow(
      /per_prompt: expected gold and kl of/,
    );
  });

  it("names the file of damaged results", async () => {
    const folder = await mkdtemp(join(tmpdir(), "results-"));
    try {
      const path = join(folder, "results.json");
      await writeFile(path, formatResults(results).slice(0, 500));
      const error = await readResults(path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CommandError);
      expect(String(error)).toContain(path);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("study/results", () => {
  it("takes the group off a label", () => {
    expect(settingOf({ label: "DPO, β = 0.1", group: "DPO" })).toBe("β = 0.1");
    expect(settingOf({ label: "DPO", group: "DPO" })).toBe("");
    expect(settingOf({ label: "the reference", group: "SFT" })).toBe("the reference");
  });

  it("lists groups in the order of the labels, then others, and none without runs", () => {
    const run = (group: string) => ({ ...(results.runs[0] as RunResult), group });
    const labels = { ...results.labels, groups: ["B", "A", "C"] };
    expect(groupsOf({ labels, runs: [run("X"), run("A"), run("B")] })).toEqual(["B", "A", "X"]);
  });
});
