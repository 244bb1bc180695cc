import "@tensorflow/tfjs-backend-cpu";
import type { StepMetrics, TrainablePolicy } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseGrpoConfig, parseRlooConfig } from "../../src/critic-free/config.ts";
import { trainGrpo, trainRloo } from "../../src/critic-free/train.ts";
import type { MethodInputs } from "../../src/rollouts/train-method.ts";
import type { RolloutHooks } from "../../src/rollouts/train-rollouts.ts";
import { surrogate } from "../losses/float64.ts";
import { recorder, toyInputs, toyPolicy, withReference } from "../rollouts/toy.ts";
import { ROTARY } from "../tiny.ts";
import { descend, divergence, logpsOf, type Seen, type Sloped, seen } from "./float64.ts";

/** States of float32, and weights that are rounded to it after every step. */
const FLOAT32 = { atol: 2e-5, rtol: 2e-4 };

const TEMPERATURE = 0.7;
const WEIGHT = 0.2;
const EPOCHS = 3;
const SAMPLES = 4;
/** Large enough that the second and third pass meet ratios outside of the clip range. */
const RATE = 0.3;

const SETTINGS = {
  maxSteps: 1,
  maxLength: 32,
  batchSize: 5,
  rollout: {
    completions: 16,
    samplesPerPrompt: SAMPLES,
    maxNewTokens: 6,
    temperature: TEMPERATURE,
  },
  optimizer: { name: "sgd", lr: RATE, schedule: "constant", maxGradNorm: 0 },
};
const UPDATE = { epochs: EPOCHS, minibatches: 1, clipRange: { low: 0.2, high: 0.3 } };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

/** What the second computation is told, and its clipped share. */
interface Told {
  readonly completions: readonly Seen[];
  readonly scores: Float64Array;
  readonly old: readonly (readonly number[])[];
  readonly reference: readonly (readonly number[])[];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const mean = (numbers: readonly number[]) => sum(numbers) / numbers.length;
const matrix = (x: tf.Tensor | undefined) => (x as tf.Tensor2D).arraySync();

/** Of one step: what is measured of it, and the same in float64. */
async function both(
  train: (policy: TrainablePolicy, inputs: MethodInputs, hooks: RolloutHooks) => Promise<unknown>,
  lossOf: (told: Told) => (logps: readonly number[][]) => Sloped & { clipped: number },
) {
  const whole = toyPolicy();
  const head = whole.variables["head"] as tf.Variable;
  const policy = { ...whole, variables: { head } };
  const start = matrix(head);
  const told = recorder(policy);
  const referenceHead = await withReference(3, async ({ params }) => {
    const reference = { config: ROTARY, params: { ...whole.parameters(), head: params["head"] } };
    await train(policy, { ...toyInputs(), reference } as MethodInputs, told.hooks);
    return matrix(params["head"]);
  });
  const [step] = told.rollouts;
  if (!step) throw new Error("expected a step of rollouts");
  const completions = seen(ROTARY, whole.parameters(), step.samples.rollouts);
  const logps = (weights: number[][]) =>
    completions.map((completion) => logpsOf(weights, completion, TEMPERATURE));
  const [old, reference] = [logps(start), logps(referenceHead)];
  const loss = lossOf({ completions, scores: step.rawScores, old, reference });
  const updated = start.map((row) => [...row]);
  const clipped: number[] = [];
  const steps = Array.from({ length: EPOCHS }, () =>
    descend(
      updated,
      completions,
      (now) => {
        const outcome = loss(now);
        clipped.push(outcome.clipped);
        return outcome;
      },
      { lr: RATE, temperature: TEMPERATURE },
    ),
  );
  const exact = completions.map((x) => divergence(start, referenceHead, x, TEMPERATURE));
  const k1 = old.map((row, i) => sum(row.map((x, t) => x - (reference[i]?.[t] as number))));
  const expected = {
    loss: mean(steps.map((x) => x.loss)),
    grad_norm: mean(steps.map((x) => x.gradNorm)),
    clip_fraction: mean(clipped),
    "score/mean": mean([...step.rawScores]),
    "kl/exact": mean(exact),
    "kl/k1": mean(k1),
  };
  const [metrics] = told.metrics as [StepMetrics];
  return { metrics, expected, head: matrix(head).flat(), updated: updated.flat(), start, k1 };
}

function expectSame({ metrics, expected, head, updated, start }: Awaited<ReturnType<typeof both>>) {
  expect(head).toBeAllClose(updated, FLOAT32);
  const moved = updated.map((x, i) => Math.abs(x - (start.flat()[i] as number)));
  expect(Math.max(...moved)).toBeGreaterThan(0.05);
  for (const [name, value] of Object.entries(expected)) {
    expect(metrics[name], name).toBeAllClose(value, FLOAT32);
  }
  // Otherwise nothing is known of clipping.
  expect(expected.clip_fraction).toBeGreaterThan(0.02);
}

describe("critic-free, whole updates in float64", () => {
  test("RLOO", async () => {
    const config = parseRlooConfig({
      ...SETTINGS,
      kl: { initial: WEIGHT },
      update: UPDATE,
    });
    const outcome = await both(
      (policy, inputs, hooks) => trainRloo(policy, inputs, config, hooks),
      ({ scores, old, reference }) => {
        const [own, other] = [old, reference].map((rows) => rows.map(sum)) as [number[], number[]];
        const rewards = own.map(
          (x, i) => (scores[i] as number) - WEIGHT * (x - (other[i] as number)),
        );
        const advantages = rewards.map((reward, i) => {
          const first = i - (i % SAMPLES);
          const group = rewards.slice(first, first + SAMPLES);
          return reward - (sum(group) - reward) / (SAMPLES - 1);
        });
        return (logps) => {
          const terms = logps.map((row, i) =>
            surrogate(sum(row), own[i] as number, advantages[i] as number, 0.2, 0.3),
          );
          return {
            loss: mean(terms.map((x) => x.loss)),
            slopes: logps.map((row, i) =>
              row.map(() => (terms[i]?.slope as number) / logps.length),
            ),
            clipped: mean(terms.map((x) => (x.clipped ? 1 : 0))),
          };
        };
      },
    );
    expectSame(outcome);
    const { metrics, expected, k1 } = outcome;
    expect(metrics["reward/mean"]).toBeAllClose(
      expected["score/mean"] - WEIGHT * mean(k1),
      FLOAT32,
    );
  });

  test("GRPO", async () => {
    const config = parseGrpoConfig({
      ...SETTINGS,
      kl: { weight: WEIGHT, loss: "k3" },
      update: { ...UPDATE, aggregation: "sequence_mean" },
    });
    const outcome = await both(
      (policy, inputs, hooks) => trainGrpo(policy, inputs, config, hooks),
      ({ scores, old, reference }) => {
        const all = [...scores];
        const advantages = all.map((score, i) => {
          const first = i - (i % SAMPLES);
          const group = all.slice(first, first + SAMPLES);
          const squares = sum(group.map((x) => (x - mean(group)) ** 2));
          return (score - mean(group)) / (Math.sqrt(squares / (SAMPLES - 1)) + 1e-4);
        });
        return (logps) => {
          const tokens = logps.map((row, i) =>
            row.map((logp, t) => {
              const before = old[i]?.[t] as number;
              const term = surrogate(logp, before, advantages[i] as number, 0.2, 0.3);
              const x = logp - (reference[i]?.[t] as number);
              return {
                loss: term.loss + WEIGHT * (Math.exp(-x) - 1 + x),
                slope: term.slope + WEIGHT * (1 - Math.exp(-x)),
                clipped: term.clipped ? 1 : 0,
              };
            }),
          );
          const count = logps.length;
          return {
            loss: mean(tokens.map((row) => mean(row.map((x) => x.loss)))),
            slopes: tokens.map((row) => row.map((x) => x.slope / (row.length * count))),
            clipped: mean(tokens.map((row) => mean(row.map((x) => x.clipped)))),
          };
        };
      },
    );
    expectSame(outcome);
    expect(outcome.metrics["kl/weight"]).toBe(WEIGHT);
  });
});
