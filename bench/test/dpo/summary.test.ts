import { describe, expect, it } from "vitest";
import type { Contender } from "../../dpo/contenders.ts";
import { markdown, type Results } from "../../dpo/report.ts";
import type { Run } from "../../dpo/run.ts";
import { SIZES, TEXTS } from "../../dpo/sizes.ts";
import { type CaseTurns, type Row, summarise } from "../../dpo/summary.ts";
import { MACHINE } from "../machine.ts";

function run(ms: number, more: Partial<Run> = {}): Run {
  const numbers = { reference: [-10, -20], losses: [0.7] };
  return { ms, min: ms, steps: 3, foreign: 0, rssMiB: 100, ...numbers, ...more };
}

function turns(
  runs: Partial<Record<Contender, readonly Run[]>>,
  size: CaseTurns["size"] = "S",
): CaseTurns {
  return {
    size,
    texts: "64 + 64",
    turns: Object.entries(runs).map(([id, runs]) => ({ id, runs })),
  };
}

function rowOf(contender: Contender, measured: CaseTurns): Row {
  const row = summarise([measured]).find((row) => row.contender === contender);
  if (!row) throw new Error(`rowOf: expected a row of ${contender}, got none.`);
  return row;
}

describe("dpo/summary", () => {
  it("pairs per second are of the median over rounds, and ratios of them", () => {
    const measured = turns({
      concatenated: [run(10), run(30), run(20)],
      "TRL fp32": [run(50), run(30)],
      "TRL bf16": [run(30)],
    });
    const row = rowOf("concatenated", measured);
    expect(row.pairsPerSecond).toBe(SIZES.S.batch / 0.02);
    expect(row.comparisons).toMatchObject([
      { peer: "TRL fp32", speed: 2, target: 2 },
      { peer: "TRL bf16", speed: 1.5, target: 1.3 },
    ]);
    expect(rowOf("TRL fp32", measured).comparisons).toEqual([]);
  });

  it("memory is of the largest peaks, and disturbed rounds are counted", () => {
    const measured = turns({
      "shared-prompt": [run(1, { rssMiB: 60 }), run(1, { rssMiB: 90, foreign: 0.5 })],
      "TRL fp32": [run(1, { rssMiB: 120 }), run(1, { rssMiB: 80 })],
    });
    const row = rowOf("shared-prompt", measured);
    expect(row).toMatchObject({ rssMiB: 90, noisyRounds: 1 });
    expect(row.comparisons).toMatchObject([{ memory: 0.75 }]);
  });

  it("float32 may differ by its rounding, bfloat16 by its own; beyond it there is no ratio", () => {
    const losses = (loss: number) => [run(1, { losses: [loss] })];
    const measured = (ours: number, bf16: number) =>
      turns({ concatenated: losses(ours), "TRL fp32": losses(0.7), "TRL bf16": losses(bf16) });
    const speeds = (ours: number, bf16: number) =>
      rowOf("concatenated", measured(ours, bf16)).comparisons.map(({ speed }) => speed);
    expect(speeds(0.70001, 0.705)).toEqual([1, 1]);
    expect(speeds(0.705, 0.705)).toEqual([null, null]);
    expect(speeds(0.7, 0.75)).toEqual([1, null]);
    expect(speeds(Number.NaN, 0.7)).toEqual([null, null]);
  });

  it("another number of losses is no agreement", () => {
    const measured = turns({ concatenated: [run(1)], "TRL fp32": [run(1, { losses: [] })] });
    expect(rowOf("concatenated", measured).agreement).toEqual({ difference: 1, isSame: false });
  });

  it("without the peer, ours agree with each other", () => {
    const ours = [run(1)];
    const other = [run(1, { reference: [-10, -20.1] })];
    const measured = turns({ concatenated: ours, "shared-prompt": other });
    expect(rowOf("concatenated", measured)).toMatchObject({
      agreement: { difference: 0, isSame: true },
      comparisons: [],
    });
    expect(rowOf("shared-prompt", measured).agreement.isSame).toBe(false);
  });
});

describe("dpo/report", () => {
  const results = (cases: readonly CaseTurns[]): Results => ({
    machine: MACHINE,
    rounds: 1,
    seconds: 1,
    sizes: {},
    texts: TEXTS,
    rows: summarise(cases),
    failures: [{ id: "64 + 64 TRL bf16", size: "L", reason: "no memory" }],
  });

  it("says which targets are missed, and stars disturbed rows", () => {
    const text = markdown(
      results([
        turns({
          concatenated: [run(10, { foreign: 1 })],
          "shared-prompt": [run(5)],
          "TRL fp32": [run(15, { rssMiB: 99 })],
        }),
      ]),
    );
    const cells = (name: string) =>
      text
        .split("\n")
        .find((line) => line.startsWith(`| ${name}`))
        ?.split(" | ");
    expect(cells("concatenated *")?.slice(1, 3)).toEqual(["800.0", "1.50x"]);
    expect(cells("concatenated *")?.at(-2)).toBe("missed: 2x TRL fp32, memory of TRL fp32");
    expect(cells("shared-prompt |")?.at(-2)).toBe("missed: memory of TRL fp32");
    expect(text).toContain("2 processors (P), 8 GiB. Node v1; R; T.");
    expect(text).toContain("- L 64 + 64 TRL bf16: no memory");
  });

  it("has a section per size that was measured", () => {
    const runs = { concatenated: [run(1)], "TRL fp32": [run(3)], "TRL bf16": [run(2)] };
    const text = markdown(results([turns(runs, "M"), turns(runs, "L")]));
    expect(text.match(/^## .*$/gm)).toEqual(["## M", "## L", "## Did not run"]);
    expect(text.match(/reached/g)).toHaveLength(2);
  });
});
