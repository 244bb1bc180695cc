import "@tensorflow/tfjs-backend-cpu";
import type { StepMetrics, TrainablePolicy, TrainOutcome } from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseGrpoConfig, parseRlooConfig } from "../../src/critic-free/config.ts";
import { trainGrpo, trainRloo } from "../../src/critic-free/train.ts";
import type { RolloutHooks } from "../../src/rollouts/train-rollouts.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { functionReward } from "../../src/scoring/reward-function.ts";
import {
  firstAndLast,
  recorder,
  restored,
  type Saved,
  shareAbove,
  toyInputs,
  toyPolicy,
  withReference,
} from "../rollouts/toy.ts";
import { ROTARY } from "../tiny.ts";
import { valuesOf } from "../variables.ts";
import { sequenceLogp } from "./float64.ts";

/** Sums of a few hundred numbers in another order. */
const FLOAT32 = { atol: 2e-5, rtol: 2e-4 };
/** Micro-batches pad otherwise, and differences go through a few steps of Adam. */
const ACCUMULATED = { atol: 2e-4, rtol: 1e-3 };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

const BASE = {
  maxSteps: 4,
  maxLength: 32,
  batchSize: 16,
  rollout: { completions: 16, samplesPerPrompt: 4, maxNewTokens: 6 },
  optimizer: { lr: 3e-3, schedule: "constant" },
};
/** Everything that a checkpoint must hold: passes, adaptive weight, running moments. */
const FULL = {
  score: { scale: "running", center: true },
  update: { epochs: 2, minibatches: 2 },
};

interface Options {
  readonly changes?: Record<string, unknown>;
  readonly hooks?: RolloutHooks;
  readonly resume?: Saved;
  readonly reward?: CheckedReward;
  /** Of the reference; 1 is what policies begin as. */
  readonly reference?: number;
}

const METHODS = {
  rloo: (policy: TrainablePolicy, { reference = 1, ...options }: Options) =>
    withReference<TrainOutcome>(reference, (model) =>
      trainRloo(
        policy,
        { ...toyInputs(options.reward), reference: model },
        parseRlooConfig({ ...BASE, ...options.changes }),
        options.hooks,
        options.resume,
      ),
    ),
  grpo: (policy: TrainablePolicy, { reference = 1, ...options }: Options) =>
    withReference<TrainOutcome>(reference, (model) =>
      trainGrpo(
        policy,
        { ...toyInputs(options.reward), reference: model },
        parseGrpoConfig({ ...BASE, ...options.changes }),
        options.hooks,
        options.resume,
      ),
    ),
} as const;
const NAMES = Object.keys(METHODS) as (keyof typeof METHODS)[];
const KL = {
  rloo: { kl: { initial: 0.1, target: 1, horizon: 100 } },
  grpo: { kl: { weight: 0.1 } },
} as const;

async function run(name: keyof typeof METHODS, options: Options = {}) {
  const policy = toyPolicy();
  const told = recorder(policy);
  await METHODS[name](policy, { ...options, hooks: told.hooks });
  return { ...told, values: valuesOf(policy.variables) };
}

const of = (metrics: readonly StepMetrics[], name: string) =>
  metrics.map((row) => row[name] as number);

describe("critic-free/train", () => {
  test.each(NAMES.flatMap((name) => [0, 1, 2].map((seed) => [name, seed] as const)))(
    "%s learns what is rewarded, seed %i",
    async (name, seed) => {
      const rollout = { ...BASE.rollout, completions: 32 };
      const changes = { maxSteps: 30, seed, rollout };
      const { metrics } = await run(name, { changes });
      const [first, last] = firstAndLast(metrics, "score/mean", 3);
      expect(last).toBeGreaterThan(first + 0.2);
    },
  );

  test("at the policy that sampled, RLOO's step is REINFORCE with the others as baseline", async () => {
    const lr = 0.01;
    const optimizer = { name: "sgd", lr, schedule: "constant", maxGradNorm: 0 };
    const changes = { optimizer, maxSteps: 1, kl: { initial: 0.3 } };
    const told = await run("rloo", { changes, reference: 3 });
    const step = told.rollouts[0];
    if (!step) throw new Error("expected a step of rollouts");
    const { rollouts } = step.samples;
    const fresh = toyPolicy();
    await withReference(3, async (reference) => {
      const logp = (params: typeof reference.params, i: number) =>
        sequenceLogp(ROTARY, params, rollouts[i] as (typeof rollouts)[number]);
      const rewards = rollouts.map((_, i) => {
        const [own, other] = [fresh.parameters(), reference.params].map((params) =>
          tf.tidy(() => logp(params, i).dataSync()[0] as number),
        ) as [number, number];
        return (step.rawScores[i] as number) - 0.3 * (own - other);
      });
      const advantages = rewards.map((reward, i) => {
        const others = rewards.filter((_, j) => j !== i && Math.floor(j / 4) === Math.floor(i / 4));
        return reward - others.reduce((sum, x) => sum + x, 0) / 3;
      });
      const names = Object.keys(fresh.variables);
      const { grads } = tf.variableGrads(() => {
        const losses = rollouts.map((_, i) =>
          tf.mul(logp(fresh.parameters(), i), -(advantages[i] as number)),
        );
        return tf.mean(tf.stack(losses)) as tf.Scalar;
      });
      const before = valuesOf(fresh.variables);
      for (const name of names) {
        const gradient = grads[fresh.variables[name]?.name ?? ""]?.dataSync() ?? [];
        const moved = told.values[name]?.map((x, i) => (before[name]?.[i] as number) - x) ?? [];
        const expected = Array.from(gradient, (x) => lr * x);
        expect(moved, name).toBeAllClose(expected, { atol: 2e-6, rtol: 1e-3 });
      }
      const largest = Object.values(grads).map((x) => tf.max(tf.abs(x)).dataSync()[0] as number);
      expect(Math.max(...largest)).toBeGreaterThan(0.05);
      tf.dispose(grads);
    });
  });

  test.each(NAMES)("%s resumed goes on as if never interrupted", async (name) => {
    const changes = { ...FULL, ...KL[name], saveEvery: 2 };
    const whole = await run(name, { changes, reference: 3 });
    const saved = whole.checkpoints.find(({ step }) => step === 2);
    if (!saved) throw new Error("expected a checkpoint at step 2");
    const policy = restored(saved);
    const told = recorder(policy);
    const hooks = told.hooks;
    await METHODS[name](policy, { changes, hooks, resume: saved, reference: 3 });
    expect(told.metrics).toEqual(whole.metrics.slice(2));
    expect(valuesOf(policy.variables)).toEqual(whole.values);
    expect(told.metrics.at(-1)?.["queries"]).toBe(64);
  });

  test.each(NAMES)("%s depends on the seed alone", async (name) => {
    const [a, b, c] = [await run(name), await run(name), await run(name, { changes: { seed: 7 } })];
    expect(a.metrics).toEqual(b.metrics);
    expect(a.values).toEqual(b.values);
    expect(c.values).not.toEqual(b.values);
  });

  test.each([
    ["rloo", {}],
    ["grpo", { update: { aggregation: "token_mean" } }],
    ["grpo", { update: { aggregation: "sequence_mean" } }],
    ["grpo", { update: { aggregation: "constant" } }],
  ] as const)("%s %j in micro-batches of 3 goes as in one of 16", async (name, changes) => {
    const own = { ...KL[name], ...changes };
    const whole = await run(name, { changes: own, reference: 3 });
    const parts = await run(name, { changes: { ...own, batchSize: 3 }, reference: 3 });
    for (const key of ["loss", "grad_norm", "approx_kl/k3", "clip_fraction", "kl/exact"]) {
      expect(of(parts.metrics, key), key).toBeAllClose(of(whole.metrics, key), ACCUMULATED);
    }
  });

  test("RLOO's weight of the divergence follows the target", async () => {
    const { metrics } = await run("rloo", { changes: KL.rloo, reference: 3 });
    const [first, second] = metrics as [StepMetrics, StepMetrics];
    expect(first["kl/weight"]).toBe(0.1);
    expect(first["kl/target"]).toBe(1);
    const error = Math.max(-0.2, Math.min(0.2, (first["kl/k1"] as number) - 1));
    expect(second["kl/weight"]).toBeAllClose(0.1 * (1 + (error * 16) / 100), FLOAT32);
  });

  test("GRPO reports beta as the weight, and the score less the divergence as reward", async () => {
    const { metrics } = await run("grpo", { changes: KL.grpo, reference: 3 });
    for (const row of metrics) {
      expect(row["kl/weight"]).toBe(0.1);
      expect(row["kl/target"]).toBeUndefined();
      const expected = (row["score/mean"] as number) - 0.1 * (row["kl/k3"] as number);
      expect(row["reward/mean"]).toBeAllClose(expected, FLOAT32);
    }
    const [row] = metrics as [StepMetrics];
    const expected = (row["loss/policy"] as number) + 0.1 * (row["loss/kl"] as number);
    expect(row.loss).toBeAllClose(expected, FLOAT32);
  });

  test("a stronger divergence in the loss keeps GRPO nearer to the reference", async () => {
    const end = async (weight: number) => {
      const { metrics } = await run("grpo", { changes: { kl: { weight }, maxSteps: 15 } });
      return metrics.at(-1)?.["kl/exact"] as number;
    };
    expect(await end(2)).toBeLessThan((await end(0)) / 2);
  });

  test.each(NAMES)("%s learns nothing where all completions score the same", async (name) => {
    const constant = functionReward("constant", () => 3);
    const reward = new CheckedReward(constant, { timeoutMs: 10_000 });
    const changes = name === "rloo" ? { kl: { initial: 0 } } : {};
    const { metrics, values } = await run(name, { changes, reward });
    expect(of(metrics, "equal_groups")).toEqual([1, 1, 1, 1]);
    expect(values).toEqual(valuesOf(toyPolicy().variables));
  });

  test("whitened, RLOO's advantages do not depend on the scale of scores", async () => {
    const norm = async (scale: number, whiten: boolean) => {
      const share = functionReward("share", (input) => scale * shareAbove(input.completionIds));
      const reward = new CheckedReward(share, { timeoutMs: 10_000 });
      const changes = { maxSteps: 1, kl: { initial: 0 }, advantages: { whiten } };
      const { metrics } = await run("rloo", { changes, reward });
      return metrics[0]?.grad_norm as number;
    };
    expect(await norm(10, true)).toBeAllClose(await norm(1, true), FLOAT32);
    expect(await norm(10, false)).toBeAllClose(10 * (await norm(1, false)), FLOAT32);
  });

  test.each(NAMES)("%s leaks nothing", async (name) => {
    const policy = toyPolicy();
    const changes = { ...FULL, ...KL[name], maxSteps: 2 };
    expect(await leakedTensors(() => METHODS[name](policy, { changes }))).toBe(0);
  });

  test("a reference of another vocabulary is an error", async () => {
    await withReference(1, async ({ params }) => {
      const reference = { config: { ...ROTARY, vocabSize: 24 }, params };
      const inputs = { ...toyInputs(), reference };
      await expect(trainRloo(toyPolicy(), inputs, parseRlooConfig(BASE))).rejects.toThrow(
        "trainRloo: expected a reference with the policy's vocabulary of 23 tokens, got 24",
      );
    });
  });
});
