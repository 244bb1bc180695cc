import { RandomStream } from "@preflab/lm";
import { describe, expect, test } from "vitest";
import { drawIndex } from "../../src/draw.ts";
import { exactLimit, importanceLimit } from "../../src/policy/limit.ts";
import { RewardLimit } from "../../src/policy/reward-limit.ts";
import { syntheticSource } from "../../src/sentiment/synthetic-task.ts";

/** Prompts of a study's size would only take longer. */
const PROMPTS = 24;

/** Error of importance sampling over the whole curve: less than the width of its line. */
const TOLERANCE = 0.004;

const source = syntheticSource({
  task: "graded",
  prompts: { train: 0, validation: 0, test: 64 },
  seed: 0,
});
const outcomes = source.outcomes?.(PROMPTS) ?? [];
const exact = new RewardLimit(outcomes);

/** Rewards of so many completions of every prompt. */
function drawPools(samples: number): number[][] {
  const stream = new RandomStream(1, "test/pools");
  return outcomes.map(({ rewards, probabilities }) => {
    const shares = Array.from(probabilities);
    return Array.from({ length: samples }, () => rewards[drawIndex(shares, stream)] as number);
  });
}

describe("policy/limit", () => {
  test.each([
    [1024, 2.9],
    [4096, 4.2],
  ])("importance sampling from %i completions is right up to %d nats", (samples, reach) => {
    const points = importanceLimit(drawPools(samples));
    const last = points.at(-1);
    expect(last?.kl).toBeGreaterThan(reach);
    for (const { kl, reward, ess, kind } of points) {
      expect(kind).toBe("importance");
      expect(ess).toBeGreaterThanOrEqual(50);
      expect(Math.abs(reward - exact.atKl(kl).reward)).toBeLessThan(TOLERANCE);
    }
    // Goes on to where effective samples run out, not only to the last step before.
    expect(last?.ess).toBeLessThan(50.5);
  });

  test("too few completions give no limit", () => {
    expect(importanceLimit(drawPools(49))).toEqual([]);
  });

  test("the exact limit goes from the language to its best completions", () => {
    const points = exactLimit(outcomes);
    const best = exact.at(1e6);
    expect(points[0]).toMatchObject({ kl: expect.closeTo(0, 9), kind: "exact" });
    expect(best.kl - (points.at(-1)?.kl ?? 0)).toBeLessThan(0.05);
    for (const { kl, reward } of points) expect(reward).toBeCloseTo(exact.atKl(kl).reward, 6);
    expect(points.every(({ kl }, i) => i === 0 || kl > (points[i - 1]?.kl ?? 0))).toBe(true);
  });

  test("the prompts of the exact limit are those that policies are evaluated on", async () => {
    const { prompts } = await source.open(() => "");
    expect(source.outcomes?.(2)).toHaveLength(2);
    expect(source.outcomes?.(64)).toHaveLength(prompts.test.length);
    const [first] = source.outcomes?.(1) ?? [];
    expect(first).toEqual(outcomes[0]);
  });
});
