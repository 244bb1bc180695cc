import "@tensorflow/tfjs-backend-cpu";
import { createGenerator } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Pool, type PoolOptions, samplePools } from "../../src/best-of-n/pools.ts";
import { bestOfNSummary } from "../../src/best-of-n/summary.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { functionReward, type RewardFunction } from "../../src/scoring/reward-function.ts";
import { ROTARY, tinyParameters } from "../tiny.ts";

const PROMPTS = [[5], [6, 7], [8, 9, 10], [11, 12], [13]].map((ids) => ({ ids, text: null }));
const GENERATION = { maxNewTokens: 4, temperature: 1, samples: 6, seed: 3 };
/** Share of ids above 12. */
const HIGH = functionReward("high", ({ completionIds }) => {
  const ids = Array.from(completionIds);
  return ids.filter((id) => id > 12).length / ids.length;
});

beforeAll(() => tf.setBackend("cpu"));

function checked(reward: RewardFunction): CheckedReward {
  return new CheckedReward(reward, { timeoutMs: 10_000 });
}

/** All pools of a run. */
async function pools(
  options: Partial<PoolOptions> = {},
  rewards: { readonly proxy?: CheckedReward; readonly gold?: CheckedReward | null } = {},
): Promise<Pool[]> {
  const params = tinyParameters(ROTARY);
  const generator = createGenerator(ROTARY, params);
  const { proxy = checked(HIGH), gold = null } = rewards;
  const inputs = { prompts: PROMPTS, proxy, gold };
  try {
    const found: Pool[] = [];
    const all = { generation: GENERATION, promptsAtOnce: 2, ...options };
    for await (const group of samplePools(generator, inputs, all)) found.push(...group);
    return found;
  } finally {
    generator.dispose();
    tf.dispose(Object.values(params));
  }
}

describe("best-of-n/pools", () => {
  test("every prompt has its pool, with the scores of its completions", async () => {
    const gold = checked(functionReward("length", ({ completionIds }) => completionIds.length));
    const proxy = checked(HIGH);
    const found = await pools({}, { proxy, gold });
    expect(found.map(({ prompt }) => prompt)).toEqual([0, 1, 2, 3, 4]);
    for (const { completions, ...scores } of found) {
      expect(completions).toHaveLength(6);
      expect([...scores.proxy]).toEqual(
        completions.map(({ ids }) => ids.filter((id) => id > 12).length / ids.length),
      );
      expect([...(scores.gold ?? [])]).toEqual(completions.map(({ ids }) => ids.length));
    }
    expect([proxy.queries, gold.queries]).toEqual([30, 30]);
  });

  test("what a prompt draws depends on its place alone: not on groups, nor on what is done", async () => {
    const idsOf = (found: readonly Pool[]) =>
      found.map(({ completions }) => completions.map(({ ids }) => ids));
    const all = idsOf(await pools());
    expect(idsOf(await pools({ promptsAtOnce: 5 }))).toEqual(all);
    expect(idsOf(await pools({ done: 2 }))).toEqual(all.slice(2));
    const other = await pools({ generation: { ...GENERATION, seed: 4 } });
    expect(idsOf(other)).not.toEqual(all);
  });

  test("the best of more has higher scores", async () => {
    const summary = bestOfNSummary([1, 2, 4, 6]);
    for (const { completions, proxy, gold } of await pools()) {
      summary.add({
        ...{ proxy, gold },
        lengths: completions.map(({ ids }) => ids.length),
        finished: completions.map(({ finish }) => finish === "eos"),
      });
    }
    const scores = summary.results().map(({ proxy }) => proxy);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(scores[3]).toBeGreaterThan((scores[0] as number) + 0.1);
  });

  test("an aborted signal ends it between groups, with its reason", async () => {
    const controller = new AbortController();
    let calls = 0;
    const proxy = checked({
      name: "aborting",
      score: async (inputs) => {
        if (++calls === 2) controller.abort(new Error("enough"));
        return inputs.map(() => 0);
      },
    });
    const generation = { ...GENERATION, signal: controller.signal };
    await expect(pools({ generation }, { proxy })).rejects.toThrow("enough");
    expect(calls).toBe(2);
  });

  test("scores that cannot be used are errors of the reward", async () => {
    const proxy = checked(functionReward("broken", () => Number.NaN));
    await expect(pools({}, { proxy })).rejects.toThrow("reward broken: expected finite numbers");
  });
});
