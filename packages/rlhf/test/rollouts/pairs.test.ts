import "@tensorflow/tfjs-backend-cpu";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { rolloutCollector, type Samples } from "../../src/rollouts/collect.ts";
import { policyMeter } from "../../src/rollouts/measure.ts";
import { pairSampler, samplePairs } from "../../src/rollouts/pairs.ts";
import type { StepRollouts } from "../../src/rollouts/rollout-stepper.ts";
import { idInput } from "../scoring/inputs.ts";
import { PROMPTS, shareAbove, toyInputs, toyPolicy, withReference } from "./toy.ts";

/** Sums of some tens of float32 numbers. */
const FLOAT32 = { atol: 1e-5, rtol: 1e-4 };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

/** Samples whose completions are named by a token each. */
function samples(perPrompt: number, count: number): Samples {
  const rollouts = Array.from({ length: count }, (_, i) =>
    idInput([100 + Math.floor(i / perPrompt)], [i]),
  );
  return { rollouts, finished: rollouts.map(() => true) };
}

const named = (
  pairs: readonly { chosenIds: ArrayLike<number>; rejectedIds: ArrayLike<number> }[],
) => pairs.map(({ chosenIds, rejectedIds }) => [chosenIds[0], rejectedIds[0]]);

describe("rollouts/pairs", () => {
  test("the best sample of a prompt is preferred to its worst", () => {
    const { pairs, ties } = samplePairs(samples(3, 6), [1, 3, 2, -1, -5, -3], 3);
    expect(named(pairs)).toEqual([
      [1, 0],
      [3, 4],
    ]);
    expect(pairs.map(({ promptIds }) => promptIds)).toEqual([[100], [101]]);
    expect(ties).toBe(0);
  });

  test("prompts whose samples score the same have no pair, and are counted", () => {
    const { pairs, ties } = samplePairs(samples(2, 8), [1, 1, 2, 1, 0, 0, 3, 4], 2);
    expect(named(pairs)).toEqual([
      [2, 3],
      [7, 6],
    ]);
    expect(ties).toBe(2);
  });

  test("of equal scores the first sample is taken", () => {
    const { pairs } = samplePairs(samples(4, 4), [2, 5, 5, 2], 4);
    expect(named(pairs)).toEqual([[1, 0]]);
  });

  test("a step's pairs are its samples', unfinished ones penalised, with its numbers", async () => {
    const policy = toyPolicy();
    const seen: StepRollouts[] = [];
    const unfinished = { mode: "replace", value: -1 } as const;
    const step = await withReference(3, async (reference) => {
      const options = { maxLength: 32, temperature: 1 };
      const collecting = { completions: 12, samplesPerPrompt: 2, maxNewTokens: 4, seed: 1 };
      const collector = rolloutCollector(policy, toyInputs(), { ...options, ...collecting });
      const meter = policyMeter(policy, reference, { ...options, batchSize: 8 });
      const pairs = pairSampler({
        ...{ collector, meter, samplesPerPrompt: 2, unfinished, klWeight: 0.5 },
        onRollouts: (rollouts) => void seen.push(rollouts),
      });
      const result = await pairs(2);
      meter.dispose();
      collector.dispose();
      return result;
    });
    const [{ samples: sampled, rawScores }] = seen as [StepRollouts];
    const scores = sampled.rollouts.map(({ completionIds }, i) =>
      sampled.finished[i] ? shareAbove(completionIds) : -1,
    );
    expect(sampled.finished).toContain(false);
    for (const { promptIds } of sampled.rollouts) {
      expect(PROMPTS).toContainEqual({ ids: promptIds, text: null });
    }
    const expected = [0, 2, 4, 6, 8, 10].flatMap((i) => {
      const [a, b] = [sampled.rollouts[i], sampled.rollouts[i + 1]];
      const [x, y] = [scores[i] as number, scores[i + 1] as number];
      if (x === y) return [];
      const [best, worst] = x > y ? [a, b] : [b, a];
      return [
        {
          promptIds: best?.promptIds,
          chosenIds: best?.completionIds,
          rejectedIds: worst?.completionIds,
        },
      ];
    });
    expect(step.pairs).toEqual(expected);
    const { metrics } = step;
    expect(metrics["ties"]).toBe(6 - expected.length);
    expect(metrics["queries"]).toBe(24);
    expect(metrics["score/mean"]).toBeAllClose(
      rawScores.reduce((sum, x) => sum + x, 0) / 12,
      FLOAT32,
    );
    const shaped = scores.reduce((sum, x) => sum + x, 0) / 12;
    expect(metrics["kl/weight"]).toBe(0.5);
    expect(metrics["reward/mean"]).toBeAllClose(
      shaped - 0.5 * (metrics["kl/exact"] as number),
      FLOAT32,
    );
  });
});
