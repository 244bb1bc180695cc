import "@tensorflow/tfjs-backend-cpu";
import type { TokenizedPair } from "@preflab/data";
import {
  fullPolicy,
  type StepMetrics,
  type TrainablePolicy,
  trainableParameters,
} from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Group } from "../../src/groups/group.ts";
import { knownReference, liveReference, referenceLogps } from "../../src/reference/reference.ts";
import { type DpoConfig, parseDpoConfig } from "../../src/train/config.ts";
import { dpoEvaluator } from "../../src/train/evaluate.ts";
import {
  type Preferences,
  pairPreferences,
  rankedPreferences,
  unpairedPreferences,
} from "../../src/train/preferences.ts";
import { followingReference } from "../../src/train/reference-sync.ts";
import { type DpoInputs, trainDpo } from "../../src/train/train-dpo.ts";
import { ROTARY, randomGroups, tinyParameters } from "../tiny.ts";

/** Sums over examples in another order, and a few steps of it. */
const ACCUMULATED = { atol: 1e-5, rtol: 1e-4 };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

const config = (changes: Record<string, unknown> = {}): DpoConfig =>
  parseDpoConfig({
    batchSize: 4,
    maxSteps: 12,
    maxLength: 32,
    optimizer: { lr: 3e-3 },
    ...changes,
  });

const GROUPS = randomGroups(16, 2);
const PAIRS: TokenizedPair[] = GROUPS.map(({ promptIds, completions: [chosen, rejected] }) => ({
  promptIds,
  chosenIds: chosen as ArrayLike<number>,
  rejectedIds: rejected as ArrayLike<number>,
}));

function tinyPolicy(): TrainablePolicy {
  const params = tinyParameters(ROTARY);
  const variables = trainableParameters(params);
  tf.dispose(Object.values(params));
  return fullPolicy(ROTARY, variables);
}

async function precomputed(preferences: Preferences, dpo: DpoConfig): Promise<DpoInputs> {
  const params = tinyParameters(ROTARY);
  const { layout, maxLength } = dpo;
  const options = { layout, maxLength, batchSize: 8, reduction: dpo };
  const logps = await referenceLogps({ config: ROTARY, params }, preferences.groups, options);
  tf.dispose(Object.values(params));
  const completions = preferences.groups[0]?.completions.length as number;
  return { preferences, reference: knownReference(logps, completions), inOrder: true };
}

async function run(
  dpo: DpoConfig,
  preferences: Preferences = pairPreferences(PAIRS),
): Promise<StepMetrics[]> {
  const metrics: StepMetrics[] = [];
  const log = (row: StepMetrics) => void metrics.push(row);
  await trainDpo(tinyPolicy(), await precomputed(preferences, dpo), dpo, { log });
  return metrics;
}

const of = (metrics: readonly StepMetrics[], name: string) =>
  metrics.map((row) => row[name] as number);

describe("train/train-dpo", () => {
  test("learns to prefer, starting at ln 2 with margin 0", async () => {
    const metrics = await run(config({ maxSteps: 40 }));
    expect(metrics[0]?.loss).toBeAllClose(Math.log(2), { atol: 1e-6, rtol: 0 });
    expect(metrics[0]?.["rewards/margins"]).toBeAllClose(0, { atol: 1e-5, rtol: 0 });
    expect(metrics.at(-1)?.loss).toBeLessThan(0.3);
    expect(metrics.at(-1)?.["rewards/accuracies"]).toBe(1);
  });

  test("the histogram of gradient weights adds up to 1, and starts at one half", async () => {
    const [first] = await run(config({ maxSteps: 1 }));
    const bars = Object.entries(first as StepMetrics).filter(([name]) =>
      name.startsWith("gradient_weight/"),
    );
    expect(bars).toHaveLength(10);
    expect(bars.reduce((sum, [, share]) => sum + share, 0)).toBeAllClose(1, ACCUMULATED);
    const around = ["gradient_weight/0.4", "gradient_weight/0.5"].map((name) => first?.[name] ?? 0);
    expect((around[0] as number) + (around[1] as number)).toBe(1);
  });

  test("micro-batches of 1, 2 and 4 pairs train alike", async () => {
    const whole = await run(config());
    for (const batchSize of [1, 2]) {
      const part = await run(config({ batchSize, gradAccum: 4 / batchSize }));
      for (const name of ["loss", "grad_norm", "rewards/margins", "logps/chosen"]) {
        expect(of(part, name), name).toBeAllClose(of(whole, name), ACCUMULATED);
      }
    }
  });

  test("each term changes the loss by what it says", async () => {
    const at = async (changes: Record<string, unknown>) =>
      (await run(config({ maxSteps: 1, ...changes })))[0] as StepMetrics;
    const plain = await at({});
    const nll = plain["nll/chosen"] as number;
    expect((await at({ nllWeight: 2 })).loss).toBeAllClose(plain.loss + 2 * nll, ACCUMULATED);
    const tokens = plain["lengths/chosen"] as number;
    const sft = -(plain["logps/chosen"] as number) / tokens;
    expect((await at({ sftWeight: 3 })).loss).toBeAllClose(plain.loss + 3 * sft, ACCUMULATED);
    const weighted = await at({ wpo: true });
    // All losses are ln 2 at the first step.
    expect(weighted.loss).toBeAllClose(Math.log(2) * (weighted["weights"] as number), ACCUMULATED);
    expect(weighted["weights"]).toBeLessThan(1);
    const short = await at({ ldAlpha: 0.5 });
    expect(short["logps/chosen"]).toBeGreaterThan(plain["logps/chosen"] as number);
  });

  test("KTO learns from unpaired and Plackett-Luce from ranked responses", async () => {
    const unpaired = unpairedPreferences(
      GROUPS.map(({ promptIds, completions }, i) => ({
        promptIds,
        completionIds: completions[i % 2] as ArrayLike<number>,
        label: i % 2 === 0,
      })),
    );
    const kto = await run(config({ maxSteps: 40, objective: { name: "kto" } }), unpaired);
    expect(kto.at(-1)?.["rewards/chosen"]).toBeGreaterThan(
      kto.at(-1)?.["rewards/rejected"] as number,
    );
    expect(kto.at(-1)?.loss).toBeLessThan(kto[0]?.loss as number);
    const ranked = rankedPreferences(
      randomGroups(8, 3).map(({ promptIds, completions }) => ({
        promptIds,
        completionIds: completions,
      })),
    );
    const pl = await run(config({ maxSteps: 40, objective: { name: "plackett_luce" } }), ranked);
    expect(pl[0]?.loss).toBeAllClose(Math.log(6), { atol: 1e-5, rtol: 0 });
    expect(pl.at(-1)?.loss).toBeLessThan(0.6);
  });

  test("a live reference trains as a precomputed one", async () => {
    const known = await run(config());
    const params = tinyParameters(ROTARY);
    const dpo = config({ referenceLogps: "live" });
    const reference = liveReference({ config: ROTARY, params }, dpo, 2);
    const metrics: StepMetrics[] = [];
    const inputs = { preferences: pairPreferences(PAIRS), reference, inOrder: true };
    await trainDpo(tinyPolicy(), inputs, dpo, { log: (row) => void metrics.push(row) });
    reference.dispose();
    expect(of(metrics, "loss")).toBeAllClose(of(known, "loss"), ACCUMULATED);
    tf.dispose(Object.values(params));
  });

  test("a reference that follows becomes the policy, whose rewards then are 0", async () => {
    const sync = { every: 2, mix: 1 };
    const dpo = config({ referenceLogps: "live", referenceSync: sync, maxSteps: 5 });
    const params = tinyParameters(ROTARY);
    const following = followingReference(params);
    const reference = liveReference({ config: ROTARY, params: following.params }, dpo, 2);
    const metrics: StepMetrics[] = [];
    const inputs = { preferences: pairPreferences(PAIRS), reference, following, inOrder: true };
    await trainDpo(tinyPolicy(), inputs, dpo, { log: (row) => void metrics.push(row) });
    reference.dispose();
    const margins = of(metrics, "rewards/margins");
    for (const step of [0, 2, 4]) expect(Math.abs(margins[step] as number)).toBeLessThan(1e-5);
    for (const step of [1, 3]) expect(Math.abs(margins[step] as number)).toBeGreaterThan(1e-3);
    tf.dispose(Object.values(params));
  });

  test("the evaluator gives the first step's numbers before training, and leaks nothing", async () => {
    const dpo = config({ batchSize: 16, maxSteps: 1 });
    const [first] = await run(dpo);
    const policy = tinyPolicy();
    const inputs = await precomputed(pairPreferences(PAIRS), dpo);
    const evaluator = dpoEvaluator(policy, inputs, config({ batchSize: 5 }));
    expect(await leakedTensors(async () => void (await evaluator.evaluate()))).toBe(0);
    const evaluated = await evaluator.evaluate();
    for (const name of ["loss", "logps/chosen", "logps/rejected", "lengths/chosen"]) {
      expect(evaluated[`eval/${name}`], name).toBeAllClose(first?.[name] as number, ACCUMULATED);
    }
    evaluator.dispose();
  });

  test("examples that do not fit are errors that say which", async () => {
    const inputs = await precomputed(pairPreferences(PAIRS), config());
    const long = { ...(GROUPS[3] as Group), promptIds: Array<number>(40).fill(2) };
    const [a, b, c, ...rest] = GROUPS as [Group, Group, Group];
    const preferences = { ...inputs.preferences, groups: [a, b, c, long, ...rest] };
    await expect(trainDpo(tinyPolicy(), { ...inputs, preferences }, config())).rejects.toThrow(
      /at most 32 tokens, got \d+ in example 3/,
    );
    const kto = config({ objective: { name: "kto" } });
    await expect(trainDpo(tinyPolicy(), inputs, kto)).rejects.toThrow(/unpaired examples/);
  });
});
