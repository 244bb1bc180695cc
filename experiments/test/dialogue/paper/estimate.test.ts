import { describe, expect, test } from "vitest";
import { PAPER_PRESETS } from "../../../src/dialogue/paper/presets.ts";
import { describeEstimate } from "../../../src/study/estimate.ts";
import { capture } from "../../capture.ts";

const { estimate, settings } = PAPER_PRESETS["paper"] ?? {};
if (!estimate || !settings) throw new Error("expected an estimate of the preset paper");
const whole = estimate(settings);
const row = (name: string) => {
  const found = whole.rows.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`expected a row ${name}`);
  return found;
};

const PARAMETERS = 2_775_208_960;
const WEIGHTS = 4 * PARAMETERS;
const PAIRS = 141_500;
const LENGTH = 512;
const REPLY = 256;
/** Steps of DPO at which it is measured, and once more at the end. */
const EVALUATIONS = 2200 / 200 + 1;
const PPO_EVALUATIONS = 200 / 20 + 1;

describe("dialogue/paper/estimate", () => {
  test("the model is left as it is; the reference learns from all chosen replies once", () => {
    expect(row("backbone")).toMatchObject({ trainTokens: 0, disk: WEIGHTS });
    expect(row("reference").trainTokens).toBe(PAIRS * LENGTH);
    expect(row("reward model").trainTokens).toBe(2 * PAIRS * LENGTH);
    expect(row("pairs of the reference").readTokens).toBe(2 * PAIRS * LENGTH);
  });

  test("DPO trains 2200 steps of 64 pairs; PPO samples and reads 200 times 512 completions", () => {
    expect(row("DPO").trainTokens).toBe(2200 * 64 * 2 * LENGTH);
    expect(row("DPO").sampledTokens).toBe(EVALUATIONS * 2 * 256 * REPLY);
    expect(row("PPO").sampledTokens).toBe((200 * 512 + PPO_EVALUATIONS * 2 * 256) * REPLY);
  });

  test("replies are one for each temperature and policy, and 128 for best-of-n", () => {
    // DPO, PPO, base, reference, few-shot.
    expect(row("replies").sampledTokens).toBe(256 * 3 * (5 + 128) * REPLY);
    expect(row("best-of-n").sampledTokens).toBe(256 * 128 * REPLY);
  });

  test("eight times the weights fit into the machine that is named, and no row needs more", () => {
    expect(row("PPO").memory).toBeGreaterThan(8 * WEIGHTS);
    expect(whole.assumptions.join("\n")).toContain("More than the machine has: none.");
  });

  test("the judge is asked about every reply that is measured, and costs what its prices say", () => {
    const replies =
      // DPO, PPO, and two policies that are measured once.
      (EVALUATIONS + PPO_EVALUATIONS + 2) * 256 + 256 * 128 + 6 * 3 * 256;
    const requests = replies + 2 * 256;
    expect(whole.judge).toMatchObject({
      ...{ requests, promptTokens: requests * (250 + 256 + 2 * 256) },
      ...{ completionTokens: requests * 80, prices: { prompt: 2, completion: 8 } },
    });
    const { promptTokens = 0, completionTokens = 0, money } = whole.judge ?? {};
    expect(money).toBeCloseTo((2 * promptTokens + 8 * completionTokens) / 1e6, 9);
    expect(describeEstimate(whole)).toContain("Judge gpt-4.1-2025-04-14: 44.3k requests");
  });

  test("--estimate prints it for every size, and computes nothing", async () => {
    for (const [preset, parameters] of [
      ["paper-pythia-410m", "405.3M"],
      ["pythia-70m", "70.4M"],
    ] as const) {
      const args = ["--experiment", "dialogue", "--preset", preset, "--estimate"];
      const { code, out, err } = await capture(["run", ...args]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`${parameters} parameters`);
      expect(out).toContain("Judge gpt-4.1");
    }
  });
});
