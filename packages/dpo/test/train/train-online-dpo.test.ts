import "@tensorflow/tfjs-backend-cpu";
import type { TokenizedPair } from "@preflab/data";
import {
  fullPolicy,
  liveGenerator,
  type Params,
  type Snapshot,
  type StepMetrics,
  type TrainablePolicy,
  trainableParameters,
  type Variables,
} from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { liveReference } from "../../src/reference/reference.ts";
import { type OnlineDpoConfig, parseOnlineDpoConfig } from "../../src/train/online-config.ts";
import { pairPreferences } from "../../src/train/preferences.ts";
import { followingReference } from "../../src/train/reference-sync.ts";
import { trainDpo } from "../../src/train/train-dpo.ts";
import { type OnlinePairs, trainOnlineDpo } from "../../src/train/train-online-dpo.ts";
import { ROTARY, randomGroups, tinyParameters } from "../tiny.ts";

/** Sums over pairs in another order, and a few steps of it. */
const ACCUMULATED = { atol: 1e-5, rtol: 1e-4 };
/** Rounding of log-probabilities that should be equal. */
const ROUNDING = { atol: 1e-5, rtol: 0 };

const PROMPTS = randomGroups(8, 1).map(({ promptIds }) => Array.from(promptIds));
const PAIRS: TokenizedPair[] = randomGroups(12, 2).map(({ promptIds, completions }) => ({
  promptIds,
  chosenIds: completions[0] as ArrayLike<number>,
  rejectedIds: completions[1] as ArrayLike<number>,
}));

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

const config = (changes: Record<string, unknown> = {}): OnlineDpoConfig =>
  parseOnlineDpoConfig({
    ...{ batchSize: 8, maxSteps: 4, maxLength: 32, optimizer: { lr: 3e-3 } },
    ...changes,
  });

interface Kept extends Snapshot {
  readonly name: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** A policy and a reference that may follow it. */
function start() {
  const params = tinyParameters(ROTARY);
  const variables = trainableParameters(params);
  const following = followingReference(params);
  tf.dispose(Object.values(params));
  const policy = fullPolicy(ROTARY, variables);
  return { policy, following, all: { ...variables, ...following.variables } };
}

function assign(variables: Variables, values: Kept["values"]): void {
  tf.tidy(() => {
    for (const [name, variable] of Object.entries(variables)) {
      variable.assign(tf.tensor(values[name] as Float32Array, variable.shape));
    }
  });
}

const valuesOf = (variables: Variables) =>
  Object.fromEntries(
    Object.entries(variables).map(([name, x]) => [name, x.dataSync<"float32">().slice()]),
  );

/** Tokens above 12. */
const share = (ids: readonly number[]) => ids.filter((id) => id > 12).length / ids.length;

/** Pairs of two samples of the policy by their share of high tokens, and the mean share. */
function sampler(policy: TrainablePolicy, seed: number) {
  const generator = liveGenerator(policy);
  const pairs = async (step: number): Promise<OnlinePairs> => {
    const options = { maxNewTokens: 6, temperature: 1, samples: 2, seed };
    const firstPrompt = (step - 1) * PROMPTS.length;
    const samples = await generator.generate(PROMPTS, { ...options, firstPrompt });
    const scores = samples.map(({ ids }) => share(ids));
    const found = PROMPTS.flatMap((promptIds, p) => {
      const [a, b] = [2 * p, 2 * p + 1].map((i) => ({ ids: samples[i]?.ids ?? [], at: scores[i] }));
      if (!a || !b || a.at === b.at) return [];
      const [best, worst] = (a.at ?? 0) > (b.at ?? 0) ? [a, b] : [b, a];
      return [{ promptIds, chosenIds: best.ids, rejectedIds: worst.ids }];
    });
    const mean = scores.reduce((sum, x) => sum + x, 0) / scores.length;
    return { pairs: found, metrics: { score: mean } };
  };
  return { pairs, dispose: () => generator.dispose() };
}

interface Options {
  readonly pairs?: (step: number) => Promise<OnlinePairs>;
  readonly resume?: Kept;
  readonly seed?: number;
}

async function run(settings: OnlineDpoConfig, { pairs, resume, seed = 0 }: Options = {}) {
  const { policy, following, all } = start();
  if (resume) assign(all, resume.values);
  const own = sampler(policy, seed);
  const reference = liveReference({ config: ROTARY, params: following.params }, settings, 2);
  const metrics: StepMetrics[] = [];
  const kept: Kept[] = [];
  const hooks = {
    log: (row: StepMetrics) => void metrics.push(row),
    save: async (snapshot: Snapshot) => {
      kept.push({ ...snapshot, name: `step-${snapshot.step}`, values: valuesOf(all) });
      return `step-${snapshot.step}`;
    },
  };
  const inputs = { pairs: pairs ?? own.pairs, reference, following };
  await trainOnlineDpo(policy, inputs, settings, hooks, resume);
  own.dispose();
  reference.dispose();
  return { metrics, kept, values: valuesOf(all) };
}

const of = (metrics: readonly StepMetrics[], name: string) =>
  metrics.map((row) => row[name] as number);

describe("train/train-online-dpo", () => {
  test.each([0, 1])("the policy learns to sample what is preferred, seed %i", async (seed) => {
    const { metrics } = await run(config({ maxSteps: 40 }), { seed });
    expect(metrics[0]?.loss).toBeAllClose(Math.log(2), ROUNDING);
    const scores = of(metrics, "score");
    const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / 5;
    expect(mean(scores.slice(-5))).toBeGreaterThan(mean(scores.slice(0, 5)) + 0.15);
  });

  test("with pairs that are there beforehand it is DPO, whatever the micro-batches", async () => {
    const step = (k: number) => PAIRS.slice(4 * k, 4 * k + 4);
    const online = await run(config({ batchSize: 4, maxSteps: 3 }), {
      pairs: async (k) => ({ pairs: step(k - 1) }),
    });
    const { policy, following } = start();
    const dpo = config({ batchSize: 4, maxSteps: 3 });
    const reference = liveReference({ config: ROTARY, params: following.params }, dpo, 2);
    const metrics: StepMetrics[] = [];
    const inputs = { preferences: pairPreferences(PAIRS), reference, inOrder: true };
    await trainDpo(policy, inputs, dpo, { log: (row) => void metrics.push(row) });
    reference.dispose();
    for (const name of Object.keys(metrics[0] ?? {})) {
      expect(of(online.metrics, name), name).toBeAllClose(of(metrics, name), ACCUMULATED);
    }
    const parts = await run(config({ batchSize: 1, gradAccum: 4, maxSteps: 3 }), {
      pairs: async (k) => ({ pairs: step(k - 1) }),
    });
    expect(of(parts.metrics, "loss")).toBeAllClose(of(metrics, "loss"), ACCUMULATED);
  });

  test("a step's pairs make as many optimizer steps as they fill, the last one partly", async () => {
    const pairs = async () => ({ pairs: PAIRS.slice(0, 10) });
    const { metrics, kept } = await run(config({ batchSize: 2, gradAccum: 2, maxSteps: 2 }), {
      pairs,
    });
    expect(of(metrics, "pairs")).toEqual([10, 10]);
    expect(of(metrics, "updates")).toEqual([3, 3]);
    expect(kept.at(-1)?.optimizer.step).toBe(6);
  });

  test("a step without pairs changes nothing, and says so", async () => {
    const pairs = async (step: number) => ({
      pairs: step === 2 ? [] : PAIRS.slice(0, 4),
      metrics: { ties: step === 2 ? 4 : 0 },
    });
    const { metrics, kept } = await run(config({ maxSteps: 3, saveEvery: 1 }), { pairs });
    expect(metrics[1]).toMatchObject({ step: 2, loss: Number.NaN, pairs: 0, updates: 0, ties: 4 });
    expect(of(metrics, "pairs")).toEqual([4, 0, 4]);
    const [first, second] = kept as [Kept, Kept];
    expect(second.values).toEqual(first.values);
    expect(second.optimizer).toEqual(first.optimizer);
  });

  test("with a reference that follows every step's rewards begin at 0 again", async () => {
    const referenceSync = { every: 2, mix: 1 };
    const { metrics } = await run(config({ referenceSync, maxSteps: 5 }));
    const losses = of(metrics, "loss");
    for (const step of [0, 2, 4]) expect(losses[step]).toBeAllClose(Math.log(2), ROUNDING);
    for (const step of [1, 3]) expect(losses[step]).not.toBeAllClose(Math.log(2), ROUNDING);
  });

  test("resumed it goes on as if never interrupted, the following reference too", async () => {
    const settings = config({
      ...{ batchSize: 2, maxSteps: 5, saveEvery: 2, objective: { name: "ipo" } },
      referenceSync: { every: 2, mix: 0.5 },
    });
    const whole = await run(settings);
    const resume = whole.kept.find(({ step }) => step === 2);
    if (!resume) throw new Error("expected a checkpoint at step 2");
    const rest = await run(settings, { resume });
    expect(rest.metrics).toEqual(whole.metrics.slice(2));
    expect(rest.values).toEqual(whole.values);
  });

  test("texts that are too long are an error, and leave the policy as it is", async () => {
    const long = { ...(PAIRS[0] as TokenizedPair), promptIds: Array<number>(40).fill(2) };
    const { policy, following } = start();
    const before = valuesOf(policy.variables);
    const reference = liveReference({ config: ROTARY, params: following.params }, config(), 2);
    const pairs = async () => ({ pairs: [...PAIRS.slice(0, 2), long] });
    await expect(trainOnlineDpo(policy, { pairs, reference }, config())).rejects.toThrow(
      /at most 32 tokens, got \d+ in example 2/,
    );
    reference.dispose();
    expect(valuesOf(policy.variables)).toEqual(before);
  });

  test("leaks nothing", async () => {
    const { policy, following } = start();
    const params: Params = following.params;
    const pairs = async (step: number) => ({ pairs: step === 1 ? [] : PAIRS.slice(0, 5) });
    const leaked = await leakedTensors(async () => {
      const reference = liveReference({ config: ROTARY, params }, config(), 2);
      await trainOnlineDpo(policy, { pairs, reference }, config({ batchSize: 2, gradAccum: 2 }));
      reference.dispose();
    });
    expect(leaked).toBe(0);
  });
});
