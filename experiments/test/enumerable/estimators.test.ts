/** What is estimated from samples against what enumeration says. */
import { type Completion, generate, meanAndError, type Params } from "@preflab/lm";
import { bestOfN } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enumerated } from "../../src/enumerable/enumerate.ts";
import {
  bestOfNLogps,
  divergence,
  expectation,
  type PerString,
} from "../../src/enumerable/exact.ts";
import { samplePolicy } from "../../src/enumerable/sampled.ts";
import { LONGEST, stringNumber } from "../../src/enumerable/strings.ts";
import { enumerableTask, PROMPTS, sharpParameters, type Task } from "../../src/enumerable/task.ts";

/** Completions of each prompt. */
const SAMPLES = 4096;
/** A frequency is compared by itself where so many are expected, for then it is nearly normal. */
const ENOUGH = 25;
/** Standard errors that a frequency may be off: hundreds are compared. */
const FREQUENCY_ERRORS = 4;
/** Standard errors that a mean may be off. */
const MEAN_ERRORS = 3;
/** Rounding of a divergence that is 0, nats. */
const ROUNDING = 1e-6;
/** Share of another model's weights in the policy: it is then about half a nat away. */
const SHARE = 0.25;

let task: Task;
let policy: Params;
let policyLogps: PerString;
beforeAll(async () => {
  await selectBackend("ort");
  task = await enumerableTask(1);
  policy = tf.tidy(() => {
    const other = sharpParameters(task.config, 2);
    return Object.fromEntries(
      Object.entries(task.reference).map(([name, tensor]) => {
        return [name, tf.add(tensor, tf.mul(tf.sub(other[name] as tf.Tensor, tensor), SHARE))];
      }),
    );
  });
  policyLogps = await enumerated({ config: task.config, params: policy }, PROMPTS);
});
afterAll(() => {
  tf.dispose(Object.values(policy));
  task.dispose();
});

async function samplesOf(params: Params, temperature: number): Promise<Completion[]> {
  return await generate(task.config, params, PROMPTS, {
    maxNewTokens: LONGEST,
    temperature,
    samples: SAMPLES,
    seed: 3,
  });
}

/** Samples of each completion. */
function countsOf(samples: readonly Completion[], prompt: number, size: number): Float64Array {
  const counts = new Float64Array(size);
  for (const { ids, prompt: own } of samples) {
    if (own !== prompt) continue;
    const number = stringNumber(ids);
    counts[number] = (counts[number] as number) + 1;
  }
  return counts;
}

/** Expects every count that is large enough, and all others together, to be what is expected. */
function expectFrequencies(samples: readonly Completion[], logps: PerString): void {
  logps.forEach((own, prompt) => {
    const counts = countsOf(samples, prompt, own.length);
    let [rest, restCount, compared] = [0, 0, 0];
    const expectCount = (count: number, p: number, label: string) => {
      const error = Math.sqrt(SAMPLES * p * (1 - p));
      const off = Math.abs(count - SAMPLES * p) / error;
      expect(off, `${label} of prompt ${prompt}`).toBeLessThan(FREQUENCY_ERRORS);
    };
    own.forEach((logp, number) => {
      const p = Math.exp(logp);
      const count = counts[number] as number;
      if (SAMPLES * p < ENOUGH) {
        rest += p;
        restCount += count;
        return;
      }
      compared++;
      expectCount(count, p, `completion ${number}`);
    });
    expectCount(restCount, rest, "the rare ones");
    expect(compared).toBeGreaterThan(10);
  });
}

describe("enumerable/estimators", () => {
  test.each([1, 0.7])(
    "at temperature %f completions are as frequent as they are likely",
    async (temperature) => {
      const logps = await enumerated({ config: task.config, params: policy }, PROMPTS, temperature);
      expectFrequencies(await samplesOf(policy, temperature), logps);
    },
  );

  test("frequencies of one policy are not those of another", async () => {
    const samples = await samplesOf(policy, 1);
    expect(() => expectFrequencies(samples, task.referenceLogps)).toThrow();
  });

  test("a completion's log-probability is the enumerated one", async () => {
    for (const { ids, logps, prompt } of (await samplesOf(policy, 1)).slice(0, 200)) {
      const sum = logps.reduce((a, b) => a + b, 0);
      const expected = policyLogps[prompt]?.[stringNumber(ids)] as number;
      expect(sum).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-4 });
    }
  });

  test("mean reward and divergences, exact, k1 and k3, are those of all completions", async () => {
    const sampled = await samplePolicy(task, policy, policyLogps, { samples: SAMPLES, seed: 3 });
    const kl = divergence(policyLogps, task.referenceLogps);
    const exact = { reward: expectation(policyLogps, task.rewards), kl, kl_k1: kl, kl_k3: kl };
    for (const [name, expected] of Object.entries(exact) as [keyof typeof exact, number][]) {
      const off = Math.abs(sampled[name] - expected) / sampled[`${name}_error`];
      expect(off, name).toBeLessThan(MEAN_ERRORS);
    }
    expect(sampled.least_kl).toBeGreaterThan(-ROUNDING);
    expect(kl).toBeGreaterThan(0.1);
    // The exact divergence per token is the one with the least noise.
    expect(sampled.kl_error).toBeLessThan(sampled.kl_k1_error);
  });

  test("the best of n of a pool has the reward of exact best-of-n", async () => {
    const samples = await samplesOf(task.reference, 1);
    const poolSize = 64;
    for (const n of [2, 4, 16, 64]) {
      const exact = bestOfNLogps(task.referenceLogps, task.rewards, n);
      const means = Array.from({ length: samples.length / poolSize }, (_, pool) => {
        const chosen = samples.slice(pool * poolSize, (pool + 1) * poolSize);
        const scores = chosen.map(({ prompt, ids }) => task.rewardOf(prompt, ids));
        return bestOfN(scores, scores, n);
      });
      const { mean, error } = meanAndError(means);
      const expected = expectation(exact, task.rewards);
      expect(Math.abs(mean - expected) / error, `n = ${n}`).toBeLessThan(MEAN_ERRORS);
    }
  });
});
