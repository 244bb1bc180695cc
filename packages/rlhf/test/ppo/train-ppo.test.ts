import "@tensorflow/tfjs-backend-cpu";
import {
  fullPolicy,
  type Params,
  type Snapshot,
  type StepMetrics,
  trainableParameters,
} from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ActorCritic } from "../../src/ppo/actor-critic.ts";
import { parsePpoConfig } from "../../src/ppo/config.ts";
import { createActorCritic } from "../../src/ppo/create-actor-critic.ts";
import { trainPpo } from "../../src/ppo/train-ppo.ts";
import type { MethodInputs } from "../../src/rollouts/train-method.ts";
import type { RolloutHooks } from "../../src/rollouts/train-rollouts.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { functionReward, type RewardInput } from "../../src/scoring/reward-function.ts";
import { ROTARY, tinyPairs, tinyParameters } from "../tiny.ts";
import { valuesOf } from "../variables.ts";

/** Float rounding of divergences that are 0. */
const ROUNDING = 1e-5;

let reference: Params;

beforeAll(async () => {
  await selectBackend("ort");
});
beforeEach(() => {
  reference = tinyParameters(ROTARY);
});
afterEach(() => {
  tf.dispose(Object.values(reference));
  tf.disposeVariables();
});

const highTokens = ({ completionIds }: RewardInput) =>
  Array.from(completionIds).filter((id) => id > 12).length / completionIds.length;

const inputs = (): MethodInputs => ({
  prompts: tinyPairs(20).map(({ promptIds }) => ({ ids: Array.from(promptIds), text: null })),
  reward: new CheckedReward(functionReward("high", highTokens), { timeoutMs: 1000 }),
  decode: null,
  reference: { config: ROTARY, params: reference },
});

const settings = (changes: Record<string, unknown> = {}) =>
  parsePpoConfig({
    preset: "trl-classic",
    maxSteps: 4,
    maxLength: 32,
    optimizer: { lr: 3e-3, maxGradNorm: 1 },
    rollout: { completions: 32, samplesPerPrompt: 4, maxNewTokens: 8, temperature: 0.9 },
    kl: { initial: 0.05, target: "none" },
    update: { epochs: 2, minibatches: 4 },
    ...changes,
  });

function model(value: Record<string, unknown> = {}): ActorCritic {
  const policy = fullPolicy(ROTARY, trainableParameters(reference));
  const { value: chosen } = settings({ value });
  return createActorCritic(policy, chosen, { params: reference, rewardModel: null }, 1);
}

interface Run {
  readonly metrics: StepMetrics[];
  readonly snapshots: Snapshot[];
  readonly weights: Record<string, Float32Array>;
}

async function run(
  changes: Record<string, unknown> = {},
  trained: ActorCritic = model(changes["value"] as Record<string, unknown>),
  hooks: RolloutHooks = {},
): Promise<Run> {
  const metrics: StepMetrics[] = [];
  const snapshots: Snapshot[] = [];
  await trainPpo(trained, inputs(), settings(changes), {
    log: (row) => void metrics.push(row),
    save: async (snapshot) => `step-${snapshots.push(snapshot)}`,
    ...hooks,
  });
  return { metrics, snapshots, weights: valuesOf(trained.variables) };
}

describe("ppo/train-ppo", () => {
  test("the score rises, and the first step finds the policy at its reference", async () => {
    const { metrics } = await run({ maxSteps: 25 });
    const [first, last] = [metrics[0], metrics.at(-1)] as [StepMetrics, StepMetrics];
    expect(last["score/mean"]).toBeGreaterThan((first["score/mean"] as number) + 0.2);
    for (const name of ["exact", "k1", "k2", "k3"]) {
      expect(Math.abs(first[`kl/${name}`] as number)).toBeLessThan(ROUNDING);
    }
    expect(last["kl/exact"]).toBeGreaterThan(0.05);
    expect(first["ratio/min"]).toBeLessThan(1);
    expect(last["queries"]).toBe(25 * 32);
    expect(last["explained_variance"]).toBeGreaterThan(first["explained_variance"] as number);
    for (const row of metrics) {
      for (const [name, value] of Object.entries(row)) {
        expect(Number.isFinite(value), `${name} of step ${row.step}`).toBe(true);
      }
    }
  });

  test.each([
    ["an adaptive penalty", { kl: { initial: 0.1, target: 0.5, horizon: 100 } }],
    ["running moments of scores", { score: { scale: "running", center: true, clip: 3 } }],
    ["moments of the reference's scores", { score: { scale: "reference", center: true } }],
    ["values that are warmed up", { value: { warmupSteps: 3 } }],
    ["values of their own", { value: { trunk: "separate", headDeviation: 0.1, warmupSteps: 1 } }],
    ["the exact divergence", { kl: { estimator: "exact", initial: 0.1, target: "none" } }],
  ])("with %s a run goes on from a checkpoint bit for bit", async (_, changes) => {
    const whole = await run({ ...changes, maxSteps: 4, saveEvery: 2 });
    const value = "value" in changes ? changes.value : undefined;
    const again = model(value);
    const begin = await run({ ...changes, maxSteps: 2 }, again);
    const [snapshot] = begin.snapshots as [Snapshot];
    const metrics: StepMetrics[] = [];
    const numbers = JSON.parse(JSON.stringify(snapshot.numbers)) as Snapshot["numbers"];
    const resume = { ...snapshot, numbers, name: "step-2" };
    await trainPpo(
      again,
      inputs(),
      settings({ ...changes, maxSteps: 4 }),
      { log: (row) => void metrics.push(row) },
      resume,
    );
    expect([...begin.metrics, ...metrics]).toEqual(whole.metrics);
    expect(valuesOf(again.variables)).toEqual(whole.weights);
  });

  test.each(["shared", "separate"])("values are warmed up alone, on %s trunks", async (trunk) => {
    const value = { trunk, warmupSteps: 2 };
    const trained = model(value);
    const before = valuesOf(trained.policy.variables);
    const { metrics } = await run({ value, maxSteps: 2 }, trained);
    expect(valuesOf(trained.policy.variables)).toEqual(before);
    const [first, second] = metrics as [StepMetrics, StepMetrics];
    expect(second["loss/value"]).not.toBe(first["loss/value"]);
    expect(second["kl/exact"]).toBeLessThan(ROUNDING);
    await run({ value: { ...value, warmupSteps: 0 }, maxSteps: 1 }, trained);
    expect(valuesOf(trained.policy.variables)).not.toEqual(before);
  });

  test("an adaptive weight moves towards its target, and is reported", async () => {
    const low = await run({ kl: { initial: 0.1, target: 1e-3, horizon: 50 }, maxSteps: 6 });
    const weights = low.metrics.map((row) => row["kl/weight"] as number);
    expect(weights[0]).toBe(0.1);
    expect(weights.at(-1)).toBeGreaterThan(weights[1] as number);
    expect(low.metrics[0]?.["kl/target"]).toBe(1e-3);
  });

  test("passes end once the policy has changed too much", async () => {
    const { metrics } = await run({ update: { epochs: 8, minibatches: 4, stopKl: 1e-6 } });
    expect(metrics.map((row) => row["updates"])).toEqual([2, 2, 2, 2]);
  });

  test("micro-batches change nothing but rounding", async () => {
    const [whole, cut] = [
      await run({ maxSteps: 1, batchSize: 64 }),
      await run({ maxSteps: 1, batchSize: 3 }),
    ];
    expect(cut.metrics[0]?.loss).toBeCloseTo(whole.metrics[0]?.loss as number, 4);
  });

  test("phases are timed by a clock, and rollouts shown", async () => {
    let now = 0;
    const seen: number[] = [];
    const { metrics } = await run({ maxSteps: 2 }, model(), {
      clock: () => now++,
      onRollouts: ({ step, samples, rawScores }) => {
        expect(samples.rollouts).toHaveLength(rawScores.length);
        seen.push(step);
      },
    });
    expect(seen).toEqual([1, 2]);
    for (const phase of ["rollout", "score", "measure", "update"]) {
      expect(metrics[0]?.[`time/${phase}`]).toBe(1);
    }
  });

  test("a policy that collapses stops, once a checkpoint is saved", async () => {
    const health = { action: "stop", patience: 1, klLimit: 1e-9 };
    const warnings: string[] = [];
    const stopped = run({ health, maxSteps: 9 }, model(), {
      warn: (message) => warnings.push(message),
    });
    await expect(stopped).rejects.toThrow(/step 2.*step-1/s);
    expect(warnings).toHaveLength(1);
  });

  test("prompts that do not fit, and a reference of other tokens, are errors", async () => {
    const ids = Array<number>(30).fill(3);
    const long = { ...inputs(), prompts: [{ ids, text: null }] };
    await expect(trainPpo(model(), long, settings())).rejects.toThrow("of 1 to 24 tokens");
    const other = {
      ...inputs(),
      reference: { config: { ...ROTARY, vocabSize: 24 }, params: reference },
    };
    await expect(trainPpo(model(), other, settings())).rejects.toThrow("of 23 tokens, got 24");
    await expect(trainPpo(model(), { ...inputs(), prompts: [] }, settings())).rejects.toThrow(
      "at least one prompt",
    );
  });

  test("leaves no tensors behind", async () => {
    const trained = model();
    await run({ maxSteps: 1 }, trained);
    expect(await leakedTensors(() => run({ maxSteps: 1 }, trained))).toBe(0);
  });
});
