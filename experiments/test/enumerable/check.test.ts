/** What a study reports of the enumerable task, from a few steps of each method. */
import { bestOfNKl } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { beforeAll, describe, expect, test } from "vitest";
import { checkByEnumeration } from "../../src/enumerable/check.ts";
import { BETA, ROUNDING } from "../../src/enumerable/task.ts";
import {
  ENUMERATION_SHAPE,
  type Enumeration,
  type ListedPolicy,
} from "../../src/study/enumeration.ts";

/** Error of the limit by importance sampling from so few completions of two prompts. */
const TOLERANCE = 0.05;

let found: Enumeration;
const names: string[] = [];
beforeAll(async () => {
  await selectBackend("ort");
  const settings = { seed: 1, dpoSteps: 24, ppoSteps: 4, samples: 1024, ns: [4, 16] };
  found = await checkByEnumeration(settings, async (name, run) => {
    names.push(name);
    await run({});
  });
});

const policy = (name: string) => found.policies.find((one) => one.name === name) as ListedPolicy;

describe("enumerable/check", () => {
  test("lists the reference, the optimum, what methods have learned, and best-of-n", () => {
    expect(found.policies.map(({ name }) => name)).toEqual([
      ...["reference", "optimum", "DPO", "PPO", "best of 4", "best of 16"],
    ]);
    expect(names).toEqual(["DPO", "PPO"]);
    expect(found).toMatchObject({ completions: 5461, beta: BETA, samples: 1024 });
    expect(policy("reference").kl).toBeCloseTo(0, 9);
  });

  test("no policy is above the limit, and the optimum is on it", () => {
    for (const { reward, limit, name } of found.policies) {
      expect(limit - reward, name).toBeGreaterThan(-ROUNDING);
    }
    const { reward, limit } = policy("optimum");
    expect(limit - reward).toBeLessThan(ROUNDING);
  });

  test("the limit by importance sampling is near the one by enumeration", () => {
    for (const { limit, importance_limit: sampled = 0, name } of found.policies) {
      expect(Math.abs(limit - sampled), name).toBeLessThan(TOLERANCE);
    }
  });

  test("methods have learned, and are estimated from samples", () => {
    for (const name of ["DPO", "PPO"]) {
      const { reward, kl, sampled } = policy(name);
      expect(reward).toBeGreaterThan(policy("reference").reward + 0.05);
      expect(Math.abs((sampled?.kl ?? 0) - kl)).toBeLessThan(4 * (sampled?.kl_error ?? 0));
    }
    expect(policy("best of 16")).toMatchObject({ kl_bound: bestOfNKl(16) });
    expect(policy("optimum")).not.toHaveProperty("sampled");
  });

  test("is what results.json takes", () => {
    expect(ENUMERATION_SHAPE(JSON.parse(JSON.stringify(found)), "enumeration")).toEqual(found);
  });
});
