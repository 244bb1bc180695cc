import { describe, expect, test } from "vitest";
import { PAPER_PRESETS } from "../../../src/sentiment/paper/presets.ts";
import { describeEstimate, totalOf } from "../../../src/study/estimate.ts";
import { capture } from "../../capture.ts";

const { estimate, settings } = PAPER_PRESETS["paper"] ?? {};
if (!estimate || !settings) throw new Error("expected an estimate of the preset paper");
const { rows, assumptions, judge } = estimate(settings);
const row = (name: string) => {
  const found = rows.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`expected a row ${name}`);
  return found;
};

const WEIGHTS = 4 * 774_030_080;
const LENGTH = 72;
/** 2 (12 x 36 x 1280^2 + 50257 x 1280) + 4 x 36 x 1280 x 72. */
const FORWARD = 1_557_506_560;
/** Of an A100: a quarter of 156 TFLOP/s. */
const TRAINED_PER_HOUR = 0.25 * 156e12 * 3600;

describe("sentiment/paper/estimate", () => {
  test("the reward model reads all pairs of 25,000 prompts three times", () => {
    const { trainTokens, flops, hours, disk } = row("reward model");
    expect(trainTokens).toBe(3 * 25_000 * 6 * 2 * LENGTH);
    expect(flops).toBe(trainTokens * 3 * FORWARD);
    expect(hours).toBeCloseTo((trainTokens * 3 * FORWARD) / TRAINED_PER_HOUR, 9);
    expect(disk).toBe(WEIGHTS);
  });

  test("preferences are four completions of all prompts, sampled at a stated share of the peak", () => {
    const { sampledTokens, goldTexts, hours } = row("preferences");
    expect(goldTexts).toBe(4 * 26_000);
    expect(sampledTokens).toBe(4 * 26_000 * 60);
    // Sampling at 3 % of the peak, and then the classifier's 0.61 GFLOP per token.
    const classifier = 2 * 12 * 24 * 1024 ** 2 + 4 * 24 * 1024 * LENGTH;
    const expected =
      (sampledTokens * FORWARD) / (0.03 * 156e12 * 3600) +
      (goldTexts * LENGTH * classifier) / TRAINED_PER_HOUR;
    expect(hours).toBeCloseTo(expected, 9);
  });

  test("DPO trains 2400 steps of 64 pairs for each beta, and is measured 25 times", () => {
    const { times, trainTokens, readTokens, sampledTokens } = row("DPO");
    expect(times).toBe(4);
    expect(trainTokens).toBe(4 * 2400 * 64 * 2 * LENGTH);
    expect(sampledTokens).toBe(4 * 25 * 2 * 1024 * 60);
    // Policy, reference and learned reward read 1024 completions, the first two as many others of
    // validation prompts, and the policy 64 texts.
    expect(readTokens).toBe(4 * 25 * (5 * 1024 + 64) * LENGTH);
    expect(row("Unlikelihood").readTokens).toBe(readTokens);
  });

  test("the reference reads all 150,000 pairs, once for all methods", () => {
    expect(row("pairs of the reference").readTokens).toBe(150_000 * 2 * LENGTH);
  });

  test("PPO has 1024 samples a step and four passes over them, 256 where it is untuned", () => {
    expect(row("PPO").trainTokens).toBe(4 * 500 * 1024 * 4 * LENGTH);
    expect(row("PPO-GT (untuned)").trainTokens).toBe(4 * 500 * 256 * 4 * LENGTH);
    expect(row("PPO").goldTexts).toBe(4 * 6 * 2 * 1024);
    expect(row("PPO-GT").goldTexts).toBe(4 * (500 + 6 * 2) * 1024);
  });

  test("memory is copies, two of gradients, the optimizer's state, and activations", () => {
    // 32 texts: 36 layers of 128 x 1280 + 8 x 20 x 72 bytes per token, and logits.
    const tokens = 32 * LENGTH;
    const activations = tokens * (36 * (128 * 1280 + 8 * 20 * LENGTH) + 12 * 50_257);
    expect(row("DPO").memory).toBe((3 + 2 + 1) * WEIGHTS + activations);
    expect(row("PPO").memory).toBe((4 + 2 + 2) * WEIGHTS + activations);
    const cache = 2 * 4 * 36 * 1280 * 64 * LENGTH;
    expect(row("preferences").memory).toBe(WEIGHTS + cache);
  });

  test("there are the paper's 22 runs, a reference, and a total", () => {
    const groups = ["DPO", "Unlikelihood", "PPO", "PPO-GT", "PPO-GT (untuned)", "Preferred-FT"];
    expect(groups.reduce((sum, name) => sum + row(name).times, 0)).toBe(22);
    expect(row("SFT").times).toBe(1);
    const total = totalOf(rows);
    expect(total.memory).toBe(row("PPO").memory);
    // Downloads, backbone, reward model and 22 runs leave weights.
    expect(total.disk).toBe(25 * WEIGHTS + 1.42e9 + 84e6);
    expect(describeEstimate({ rows, assumptions, judge })).toContain("all");
  });

  test("--estimate prints it, as a table or as JSON, and computes nothing", async () => {
    const command = (preset: string, ...more: string[]) =>
      capture(["run", "--experiment", "sentiment", "--preset", preset, "--estimate", ...more]);
    const table = await command("paper-gpt2");
    expect({ code: table.code, err: table.err }).toEqual({ code: 0, err: "" });
    expect(table.out).toMatch(/PPO-GT \(untuned\) +4 /);
    expect(table.out).toContain("124.4M parameters");
    const { out } = await command("paper", "--json");
    expect((JSON.parse(out) as { total: object }).total).toEqual(totalOf(rows));
    const other = await command("smoke");
    expect(other.code).toBe(2);
    expect(other.err).toContain("--estimate: expected a preset whose costs are computed");
  });
});
