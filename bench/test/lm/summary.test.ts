import { describe, expect, it } from "vitest";
import { type Job, jobsOf } from "../../lm/jobs.ts";
import { markdown, type Results } from "../../lm/report.ts";
import type { Run } from "../../lm/run.ts";
import { GENERATION } from "../../lm/sizes.ts";
import { type JobTurns, type Row, summarise } from "../../lm/summary.ts";
import { MACHINE } from "../machine.ts";

const [TRAIN, GENERATE] = jobsOf(["train", "generate"]) as [Job, Job];
const TIMES = { min: 1, steps: 1, foreign: 0, rssMiB: 0 };

/** A run of a job whose parts all take `ms`. */
function run(job: Job, ms: number, check: readonly number[], more: Partial<Run> = {}): Run {
  const parts = Object.keys(job.parts).map((part) => [part, { ...TIMES, ms }]);
  return { parts: Object.fromEntries(parts), check, foreign: 0, rssMiB: 100, ...more };
}

function turns(job: Job, ours: readonly Run[], peer: readonly Run[]): JobTurns {
  const sides = { ours, peer };
  const turns = Object.entries(sides).map(([id, runs]) => ({ id, runs }));
  return { job, size: "S", turns };
}

function firstRow(job: Job, ours: readonly Run[], peer: readonly Run[]): Row {
  return summarise([turns(job, ours, peer)])[0] as Row;
}

describe("lm/summary", () => {
  it("tokens per second and their ratio are of medians over the rounds", () => {
    const ours = [run(TRAIN, 10, [1]), run(TRAIN, 30, [1]), run(TRAIN, 20, [1])];
    const row = firstRow(TRAIN, ours, [run(TRAIN, 50, [1]), run(TRAIN, 30, [1])]);
    expect(row.tokensPerSecond).toEqual({ ours: (64 * 32) / 0.02, peer: (64 * 32) / 0.04 });
    expect(row).toMatchObject({ ratio: 2, target: 1.7 });
  });

  it("a generation counts its new tokens and has a row per way of choosing them", () => {
    const rows = summarise([turns(GENERATE, [run(GENERATE, 500, [3])], [])]);
    expect(rows.map(({ title }) => title)).toEqual(["generate 1, greedy", "generate 1, sampled"]);
    expect(rows[0]?.tokensPerSecond).toEqual({ ours: 2 * GENERATION.newTokens, peer: null });
    expect(rows[0]).toMatchObject({ ratio: null, agreement: null });
  });

  it("peaks are the largest, and disturbed rounds are counted", () => {
    const ours = [
      run(TRAIN, 1, [1], { rssMiB: 7, foreign: 0.5 }),
      run(TRAIN, 1, [1], { rssMiB: 9, foreign: null }),
    ];
    const { rssMiB, noisyRounds } = firstRow(TRAIN, ours, [run(TRAIN, 1, [1])]);
    expect(rssMiB).toEqual({ ours: 9, peer: 100 });
    expect(noisyRounds).toEqual({ ours: 1, peer: 0 });
  });

  it("losses may differ by rounding; beyond it there is no ratio", () => {
    const row = (loss: number) =>
      firstRow(TRAIN, [run(TRAIN, 1, [6, loss])], [run(TRAIN, 2, [6, 5])]);
    expect(row(5.0001)).toMatchObject({ ratio: 2, agreement: { isSame: true } });
    expect(row(5.001)).toMatchObject({ ratio: null, agreement: { isSame: false } });
    expect(row(Number.NaN)).toMatchObject({ ratio: null, agreement: { isSame: false } });
  });

  it("greedy tokens must all be equal, in every round", () => {
    const ids = (...check: number[]) => run(GENERATE, 1, check);
    const row = (...ours: Run[]) => firstRow(GENERATE, ours, [ids(0, 7, 7, 7)]);
    expect(row(ids(0, 7, 7, 7)).agreement).toEqual({ difference: 0, isSame: true });
    expect(row(ids(0, 7, 7, 7), ids(0, 7, 7, 8)).agreement).toEqual({
      difference: 0.25,
      isSame: false,
    });
    expect(row(ids(0, 7)).agreement).toEqual({ difference: 1, isSame: false });
  });
});

describe("lm/report", () => {
  const results: Results = {
    machine: MACHINE,
    rounds: 1,
    seconds: 1,
    sizes: {},
    generation: GENERATION,
    rows: summarise([
      turns(TRAIN, [run(TRAIN, 10, [1], { foreign: 1 })], [run(TRAIN, 30, [1])]),
      turns(GENERATE, [run(GENERATE, 10, [1])], [run(GENERATE, 25, [1])]),
    ]),
    memory: null,
    failures: [],
  };

  it("says of every row whether the target is reached, and stars disturbed ones", () => {
    const lines = markdown(results).split("\n");
    const cells = (title: string) =>
      lines.find((line) => line.startsWith(`| ${title}`))?.split(" | ");
    expect(cells("SFT step *")?.slice(3, 6)).toEqual(["3.00x", "1.7x", "yes"]);
    expect(cells("generate 1, greedy |")?.slice(3, 6)).toEqual(["2.50x", "3.0x", "no"]);
    expect(lines).toContain("2 processors (P), 8 GiB. Node v1; R; T.");
    expect(lines.filter((line) => line.startsWith("## "))).toEqual(["## S"]);
  });

  it("adds memory and failures where there are some", () => {
    const memory = {
      batch: 8,
      length: 512,
      vocabulary: 50257,
      width: 768,
      piecesMegabytes: 400,
      atOnceMegabytes: 1000,
    };
    const failures = [{ id: "train peer", size: "L", reason: "no memory" }];
    const text = markdown({ ...results, memory, failures });
    expect(text).toContain("2.5 times as much");
    expect(text).toContain("- L train peer: no memory");
  });
});
