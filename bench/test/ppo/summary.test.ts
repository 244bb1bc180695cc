import { describe, expect, it } from "vitest";
import { markdown, type Results } from "../../ppo/report.ts";
import type { Run } from "../../ppo/run.ts";
import { completionsOf, TEXTS } from "../../ppo/sizes.ts";
import { type CaseTurns, type Row, summarise } from "../../ppo/summary.ts";
import { MACHINE } from "../machine.ts";

function run(ms: number, more: Partial<Run> = {}): Run {
  const phases = { rollout: ms / 10, score: ms / 10, measure: ms / 5, update: 0.6 * ms };
  const numbers = { meanLength: 48, check: [10, 0.5] };
  return { ms, min: ms, steps: 1, foreign: 0, rssMiB: 100, phases, ...numbers, ...more };
}

function turns(
  ours: readonly Run[],
  peer: readonly Run[] | null,
  size: "S" | "M" = "S",
): CaseTurns {
  return {
    size,
    variant: { trunk: "separate", ending: "full" },
    turns: [{ id: "ours", runs: ours }, ...(peer ? [{ id: "peer", runs: peer }] : [])],
  };
}

function rowOf(measured: CaseTurns): Row {
  return summarise([measured])[0] as Row;
}

describe("ppo/summary", () => {
  it("rates are of the medians over rounds, phases too", () => {
    const row = rowOf(turns([run(100), run(300), run(200)], [run(600)]));
    expect(row.samplesPerSecond.ours).toBe(completionsOf("S") / 0.2);
    expect(row.ratio).toBe(3);
    expect(row.phases.update).toEqual({ ours: 120, peer: 360 });
  });

  it("memory is of the largest peaks, and disturbed rounds are counted", () => {
    const ours = [run(1, { rssMiB: 60 }), run(1, { rssMiB: 90, foreign: 0.5 })];
    const row = rowOf(turns(ours, [run(1, { rssMiB: 80 })]));
    expect(row.rssMiB).toEqual({ ours: 90, peer: 80 });
    expect(row.noisyRounds).toEqual({ ours: 1, peer: 0 });
  });

  it("there is no ratio where numbers or lengths differ, or without a peer", () => {
    const ratioWith = (more: Partial<Run>) => rowOf(turns([run(1, more)], [run(2)])).ratio;
    expect(ratioWith({ check: [10.0001, 0.5] })).toBe(2);
    expect(ratioWith({ check: [10.1, 0.5] })).toBeNull();
    expect(ratioWith({ check: [10] })).toBeNull();
    expect(ratioWith({ check: [Number.NaN, 0.5] })).toBeNull();
    expect(ratioWith({ meanLength: 30 })).toBeNull();
    expect(rowOf(turns([run(1)], null))).toMatchObject({ ratio: null, agreement: null });
  });

  it("a case that did not run has no row", () => {
    expect(summarise([turns([], [])])).toEqual([]);
  });
});

describe("ppo/report", () => {
  const results = (cases: readonly CaseTurns[]): Results => ({
    machine: MACHINE,
    rounds: 1,
    seconds: 1,
    sizes: {},
    texts: TEXTS,
    rows: summarise(cases),
    failures: [{ id: "shared, full peer", size: "M", reason: "no memory" }],
  });

  it("has a section per size that was measured, steps before phases", () => {
    const text = markdown(results([turns([run(100)], [run(300)], "M")]));
    expect(text.match(/^## .*$/gm)).toEqual(["## M", "## Did not run"]);
    expect(text).toContain("| separate, full | 1280.0 | 426.7 | 3.00x | 2.5x | yes |");
    expect(text).toContain("| separate, full: update | 60 | 60 % | 180 | 60 % | 3.00x |");
    expect(text).toContain("- M shared, full peer: no memory");
  });

  it("stars disturbed cases and says which miss the target", () => {
    const text = markdown(results([turns([run(100, { foreign: 1 })], [run(200)])]));
    expect(text).toContain("| separate, full * |");
    expect(text).toContain("2.00x | 2.5x | no |");
  });

  it("has no ratios without a peer", () => {
    const text = markdown(results([turns([run(100)], null)]));
    expect(text).toContain("| separate, full: update | 60 | 60 % |  |  |  |");
  });
});
