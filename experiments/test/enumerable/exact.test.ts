/** The enumeration itself, and the identities that all other tests of the task build on. */
import { tokenLogps } from "@preflab/lm";
import { bestOfNKl } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enumerated } from "../../src/enumerable/enumerate.ts";
import {
  bestOfNLogps,
  divergence,
  estimates,
  expectation,
  limitPoint,
  limitReward,
  logSumExp,
  optimum,
  type PerString,
  pointOf,
} from "../../src/enumerable/exact.ts";
import { END, LONGEST, STRINGS, stringNumber } from "../../src/enumerable/strings.ts";
import {
  BETA,
  distanceToOptimum,
  enumerableTask,
  gapToLimit,
  PROMPTS,
  ROUNDING,
  sharpParameters,
  type Task,
} from "../../src/enumerable/task.ts";

/** Identities between sums of float64 numbers. */
const EXACT = { rtol: 0, atol: ROUNDING };
/** Log-probabilities of six tokens, computed in float32 in another order. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-4 };
/** Error of central differences of this step. */
const STEP = 1e-4;
const DIFFERENCE = { rtol: 1e-6, atol: 1e-6 };
const BETAS = [0.05, 0.1, 0.5, 1, 5];

let task: Task;
/** Policies that have nothing to do with the task. */
let others: readonly PerString[];
beforeAll(async () => {
  await selectBackend("ort");
  task = await enumerableTask(1);
  const models = [11, 12, 13].map((seed) => sharpParameters(task.config, seed));
  others = [];
  for (const params of models) {
    others = [...others, await enumerated({ config: task.config, params }, PROMPTS)];
    tf.dispose(Object.values(params));
  }
});
afterAll(() => task.dispose());

/** Reward less the weighted divergence. */
function objective(policy: PerString, beta: number): number {
  const { reward, kl } = pointOf(policy, task.referenceLogps, task.rewards);
  return reward - beta * kl;
}

describe("enumerable/strings", () => {
  test("there are 5461 completions, all different, each with its number", () => {
    expect(STRINGS).toHaveLength(5461);
    expect(STRINGS.map(stringNumber)).toEqual(STRINGS.map((_, i) => i));
  });

  test("a completion ends at its first end token or at six tokens", () => {
    for (const ids of STRINGS) {
      const end = ids.indexOf(END);
      expect(end === -1 ? LONGEST : end + 1).toBe(ids.length);
    }
    expect(() => stringNumber([1, 2])).toThrow("expected a completion of the task, got 1,2");
  });
});

describe("enumerable/enumerate", () => {
  test("probabilities of all completions sum to 1", () => {
    for (const logps of [...task.referenceLogps, ...others.flat()]) {
      expect(logSumExp(logps)).toBeAllClose(0, EXACT);
    }
  });

  test("log-probabilities are those of the library for one text at a time", () => {
    for (const number of [0, 1, 4, 77, 1364, 1365, 3000, 5460]) {
      PROMPTS.forEach((prompt, i) => {
        const text = [...prompt, ...(STRINGS[number] as number[])];
        const logps = tf.tidy(() => {
          const ids = tf.tensor2d([text], undefined, "int32");
          const { config, reference: params } = task;
          const tokens = { ids, attentionMask: tf.onesLike(ids) };
          return tokenLogps({ config, params }, tokens).dataSync<"float32">();
        });
        const own = logps.slice(prompt.length - 1).reduce((sum, x) => sum + x, 0);
        expect(own).toBeAllClose(task.referenceLogps[i]?.[number] as number, FLOAT32);
      });
    }
  });

  test("at a temperature, distributions of tokens are sharper, and still sum to 1", async () => {
    const { config, reference: params } = task;
    const cool = await enumerated({ config, params }, PROMPTS, 0.7);
    for (const logps of cool) expect(logSumExp(logps)).toBeAllClose(0, EXACT);
    const entropy = (logps: PerString) => -expectation(logps, logps);
    expect(entropy(cool)).toBeLessThan(entropy(task.referenceLogps));
  });
});

describe("enumerable/exact", () => {
  test("the task asks for a policy well away from the reference, and no single completion", () => {
    const { logps } = optimum(task.referenceLogps, task.rewards, BETA);
    expect(distanceToOptimum(task, task.referenceLogps, BETA)).toBeGreaterThan(0.4);
    expect(-expectation(logps, logps)).toBeGreaterThan(1.5);
  });

  test("the best policy reaches beta log Z", () => {
    for (const beta of BETAS) {
      const { logps, value } = optimum(task.referenceLogps, task.rewards, beta);
      for (const own of logps) expect(logSumExp(own)).toBeAllClose(0, EXACT);
      expect(objective(logps, beta)).toBeAllClose(value, EXACT);
    }
  });

  test("what any policy loses against it is beta KL(policy || best)", () => {
    for (const policy of [task.referenceLogps, ...others]) {
      for (const beta of BETAS) {
        const { logps, value } = optimum(task.referenceLogps, task.rewards, beta);
        const lost = beta * divergence(policy, logps);
        expect(value - objective(policy, beta)).toBeAllClose(lost, EXACT);
        expect(lost).toBeGreaterThan(0);
      }
    }
  });

  test("k1 and k3 are right on average, and k3 is never negative", () => {
    for (const policy of others) {
      const { k1, k3 } = estimates(policy, task.referenceLogps);
      const kl = divergence(policy, task.referenceLogps);
      expect(expectation(policy, k1)).toBeAllClose(kl, EXACT);
      expect(expectation(policy, k3)).toBeAllClose(kl, EXACT);
      expect(Math.min(...k3.map((row) => Math.min(...row)))).toBeGreaterThanOrEqual(0);
    }
  });

  test("the reward is beta log(best / reference) plus beta log Z, for every completion", () => {
    const { logps } = optimum(task.referenceLogps, task.rewards, BETA);
    logps.forEach((own, prompt) => {
      const reference = task.referenceLogps[prompt] as Float64Array;
      const rewards = task.rewards[prompt] as Float64Array;
      const left = own.map((x, i) => {
        return (rewards[i] as number) - BETA * (x - (reference[i] as number));
      });
      expect(left).toBeAllClose(
        Array.from(left, () => left[0] as number),
        EXACT,
      );
    });
  });

  test("along the limit the reward rises with the divergence at the rate beta", () => {
    for (const beta of BETAS) {
      const at = (sharpness: number) =>
        limitPoint(task.referenceLogps, task.rewards, 1 / sharpness);
      const [before, after] = [at(1 / beta - STEP), at(1 / beta + STEP)];
      const slope = (after.reward - before.reward) / (after.kl - before.kl);
      expect(slope).toBeAllClose(beta, DIFFERENCE);
    }
  });

  test("no policy is above the limit, the best ones are on it", () => {
    for (const policy of [task.referenceLogps, ...others]) {
      expect(gapToLimit(task, policy)).toBeGreaterThan(-ROUNDING);
    }
    for (const beta of BETAS) {
      const { logps } = optimum(task.referenceLogps, task.rewards, beta);
      expect(gapToLimit(task, logps)).toBeAllClose(0, EXACT);
    }
  });

  test("a reward or a divergence that is wrong by little is seen above the limit", () => {
    const { reward, kl } = limitPoint(task.referenceLogps, task.rewards, BETA);
    const limit = (x: number) => limitReward(task.referenceLogps, task.rewards, x);
    expect(limit(kl)).toBeLessThan(reward + 1e-4);
    expect(limit(kl - 1e-3)).toBeLessThan(reward - 1e-4);
  });

  test("best-of-n is below the limit, and no further from the reference than its bound", () => {
    for (const n of [1, 2, 4, 16, 64]) {
      const logps = bestOfNLogps(task.referenceLogps, task.rewards, n);
      for (const own of logps) expect(logSumExp(own)).toBeAllClose(0, EXACT);
      expect(gapToLimit(task, logps)).toBeGreaterThan(-ROUNDING);
      const { kl } = pointOf(logps, task.referenceLogps, task.rewards);
      expect(kl).toBeLessThan(bestOfNKl(n) + ROUNDING);
      expect(kl).toBeGreaterThan(bestOfNKl(n) / 2 - ROUNDING);
    }
  });
});
