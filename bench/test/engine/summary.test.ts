import { describe, expect, it } from "vitest";
import { CONTENDERS, type Contender } from "../../engine/contenders.ts";
import { markdown } from "../../engine/report.ts";
import { disagreements, type Run, type SizeTurns, summarise } from "../../engine/summary.ts";
import { MACHINE } from "../machine.ts";

const RUN: Run = { ms: 100, min: 90, steps: 10, foreign: 0, rssMiB: 500 };

function turns(id: string, ...runs: Partial<Run>[]): SizeTurns {
  const contender = CONTENDERS.find((it) => it.id === id) as Contender;
  return { id, contender, size: "S", runs: runs.map((run) => ({ ...RUN, ...run })) };
}

describe("engine/summary", () => {
  it("compares the median of the rounds with PyTorch's in fp32", () => {
    const rows = summarise([
      turns("ort", { ms: 60 }, { ms: 50 }, { ms: 90 }),
      turns("torch fp32", { ms: 120, rssMiB: 400 }),
    ]);
    expect(rows[0]).toMatchObject({ ms: 60, min: 90, speedup: 2, memory: 1.25, rounds: 3 });
    expect(rows[1]).toMatchObject({ speedup: 1, memory: 1 });
  });

  it("compares rates with the matrix products alone", () => {
    const [, ort] = summarise([turns("ort gemm", { gflops: 200 }), turns("ort", { gflops: 150 })]);
    expect(ort?.gemmShare).toBe(0.75);
    expect(ort?.speedup).toBeNull();
  });

  it("counts tokens of a generation", () => {
    const [row] = summarise([turns("ort decode, feeds", { ms: 1000 })]);
    expect(row?.tokensPerSecond).toBe(64 * 60);
  });

  it("counts rounds that others disturbed", () => {
    const [row] = summarise([turns("ort", { foreign: 0.5 }, { foreign: 0.1 }, { foreign: null })]);
    expect(row?.noisyRounds).toBe(1);
  });

  it("finds contenders that compute another model", () => {
    const rows = summarise([
      turns("torch fp32", { losses: [2, 1] }),
      turns("ort", { losses: [2, 1.00005] }),
      turns("ort plain ops", { losses: [2, 1.001] }),
      turns("ort flat", { losses: [Number.NaN, 1] }),
      turns("torch bf16", { losses: [2, 1.01] }),
    ]);
    expect(disagreements(rows).map(({ id }) => id)).toEqual(["ort plain ops", "ort flat"]);
  });
});

describe("engine/report", () => {
  it("has one table per task, stars disturbed contenders and names what did not run", () => {
    const rows = summarise([
      turns("ort gemm", { gflops: 200 }),
      turns("ort", { gflops: 150, foreign: 1, losses: [6.25] }),
      turns("torch fp32", { losses: [6.25] }),
      turns("ort decode, feeds", {}),
    ]);
    const failures = [{ id: "tfjs wasm", size: "S", reason: "no memory" }];
    const text = markdown({ machine: MACHINE, rounds: 1, seconds: 1, sizes: {}, rows, failures });
    const lines = text.split("\n");
    expect(text).toContain("Matrix products alone: 200 GFLOPS.");
    expect(lines.find((line) => line.startsWith("| ort * |"))).toContain("| 75 % |");
    expect(lines.filter((line) => line.startsWith("| Training step |"))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("| Decoding 64 x 60 tokens |"))).toHaveLength(1);
    expect(text).toContain("- S tfjs wasm: no memory");
  });
});
