/** The study of dialogues end to end on made-up transcripts: every stage, and a run of each method. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { beforeAll, describe, expect, test } from "vitest";
import { DIALOGUE } from "../../../src/dialogue/experiment.ts";
import type { StudyResults } from "../../../src/study/results.ts";
import { buildStages } from "../../study/build-stages.ts";
import { writeLines } from "../../text/files.ts";
import { madeUpRows } from "./made-up.ts";

describe("dialogue/hh: hh-smoke", () => {
  let root: string;
  let results: StudyResults;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "preflab-hh-"));
    await selectBackend("ort", { threads: 1 });
    const data = join(root, "data");
    writeLines(data, "helpful.jsonl", madeUpRows(200, 1));
    writeLines(data, "harmless.jsonl", madeUpRows(100, 2));
    const plan = await DIALOGUE.plan("hh-smoke", { seeds: null, data });
    const folderOf = await buildStages(plan.stages, join(root, "stages"));
    await plan.collect(root, folderOf);
    results = JSON.parse(readFileSync(join(root, "results.json"), "utf8")) as StudyResults;
    return () => rmSync(root, { recursive: true });
  });

  test("there is a run of every method but of those that learn from the judge", () => {
    expect(results.runs.map(({ method }) => method).sort()).toEqual([
      ...["backbone", "dpo", "ppo", "sft"],
    ]);
    for (const { costs } of results.runs) expect(costs.gold_queries).toBe(0);
  });

  test("rewards are probabilities, and win rates are measured beside them", () => {
    for (const { evaluations } of results.runs) {
      const { gold = 0, win_rate: wins = -1, per_prompt: own } = evaluations.at(-1) ?? {};
      expect(gold > 0 && gold < 1).toBe(true);
      expect(wins >= 0 && wins <= 1).toBe(true);
      expect(own?.gold).toHaveLength(8);
    }
  });

  test("what was odd about rows, lengths and the judge are among the facts of the task", () => {
    expect(results.task).toMatchObject({
      dialogues: { rows: 300, edges: { identicalReplies: 0 }, publishedTest: false },
      tokens: { parts: { test: { prompts: { tooLong: 0 } } } },
      judge: { agreement: { all: { pairs: expect.any(Number) } } },
      backbone: { entropy: null },
    });
  });

  test("words are those of real dialogues, and departures name the weak judge", () => {
    expect(results.labels).toMatchObject({
      title: expect.stringContaining("HH"),
      reward: expect.stringContaining("weak judge"),
      rivals: ["PPO"],
    });
    const items = results.deviations.map(({ item }) => item);
    expect(new Set(items).size).toBe(items.length);
    expect(items).toContain("PPO on the gold reward");
    expect(results.deviations.find(({ item }) => item === "PPO")?.here).not.toContain("PPO-GT");
  });

  test("figures and report are drawn", () => {
    expect(existsSync(join(root, "report.html"))).toBe(true);
  });
});
