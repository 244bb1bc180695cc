/**
 * PPO with every preset learns a toy task: the one whose completions can be listed, so that rewards
 * and divergences of policies in training are known exactly.
 */

import { meanAndError, type TrainablePolicy } from "@preflab/lm";
import {
  createActorCritic,
  klEstimates,
  type PpoConfig,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
  parsePpoConfig,
  policyMeter,
  rolloutCollector,
  rowSums,
  trainPpo,
} from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { enumerated } from "../../src/enumerable/enumerate.ts";
import {
  divergence,
  estimates,
  expectation,
  limitReward,
  type PerString,
  standardError,
} from "../../src/enumerable/exact.ts";
import { LONGEST } from "../../src/enumerable/strings.ts";
import {
  currentLogps,
  enumerableTask,
  MAX_LENGTH,
  methodInputs,
  PROMPTS,
  type Task,
} from "../../src/enumerable/task.ts";
import { expectWithinLimit } from "../enumerable/assertions.ts";

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

const SEEDS = [1, 2, 3];
/** Steps of a run, over the second half of which the divergence is averaged. */
const STEPS = 40;
const LAST = STEPS / 2;
/** Completions of each prompt that estimates are made from in the end. */
const SAMPLES = 1024;
/** Share of the reward to be had at a policy's divergence that it must have got. */
const LEARNED = 0.75;
/** Relative error of the divergence against its target. */
const OFF_TARGET = 0.15;
/** Standard errors that a mean of estimates may be off. */
const ERRORS = 4;
/** Rounding of a divergence that is 0, nats per token. */
const ROUNDING = 1e-6;
const COMPLETIONS = 128;

/**
 * What the toy task needs in place of a preset's own numbers:
 * - 128 completions of a step instead of 256 to 1024, on 2 prompts, of up to 6 tokens;
 * - a rate of 2e-3, for 7 thousand parameters instead of 1e-5 for hundreds of millions;
 * - a target of 1 nat: 6 nats of about 24 tokens are a quarter of a nat per token, and completions
 *   have about 4 tokens here;
 * - a horizon of twice the completions of a step instead of 20 times: the weight has 40 steps to find
 *   its value, where the presets' runs have thousands;
 * - for the same reason a first weight of 0.5 instead of 0.05 to 0.2, near what the target needs;
 *   without a target, 0.05 leaves a policy of a single completion.
 */
const TOY = {
  ...{ maxSteps: STEPS, maxLength: MAX_LENGTH, batchSize: COMPLETIONS },
  optimizer: { lr: 2e-3 },
  rollout: {
    completions: COMPLETIONS,
    samplesPerPrompt: COMPLETIONS / PROMPTS.length,
    maxNewTokens: LONGEST,
  },
  kl: { initial: 0.5, horizon: 2 * COMPLETIONS },
};
/** Instead of 6 nats, where a preset has a target. */
const TARGET = 1;

/** What single presets need beyond that. */
const CHANGES: Readonly<Record<PresetName, Readonly<Record<string, unknown>>>> = {
  "lm-human-preferences": {},
  // Minibatches of one completion: four passes are 512 updates of a step, more than CI has time for.
  "trl-classic": { update: { minibatches: 4 } },
  // There is no learned reward model to start the values from.
  "trl-1.10": { value: { start: "policy" } },
  "n-details": {},
  // Minibatches of 32 instead of 64, so that a pass still has several.
  paper: { update: { minibatches: 4 } },
  tuned: {},
};

function configOf(preset: PresetName, seed: number): PpoConfig {
  const has = parsePpoConfig({ preset, ...TOY, ...CHANGES[preset] }).kl.target !== null;
  const kl = has ? { ...TOY.kl, target: TARGET } : TOY.kl;
  return parsePpoConfig({ preset, ...TOY, ...CHANGES[preset], kl, seed });
}

/** Expects what completions of a policy tell about its divergence to be what enumeration says. */
async function expectEstimates(
  task: Task,
  policy: TrainablePolicy,
  { rollout, maxLength, seed }: PpoConfig,
  reference: PerString,
): Promise<void> {
  const { config, reference: params, prompts } = task;
  const { temperature, maxNewTokens } = rollout;
  const completions = prompts.length * SAMPLES;
  const collector = rolloutCollector(policy, methodInputs(task), {
    ...{ completions, samplesPerPrompt: SAMPLES, maxNewTokens, temperature, maxLength, seed },
  });
  const options = { batchSize: 512, maxLength, temperature };
  const meter = policyMeter(policy, { config, params }, options);
  const { rollouts } = await collector.sample(1);
  const { kl, logps, referenceLogps } = await meter.measure(rollouts);
  collector.dispose();
  meter.dispose();
  const k1 = klEstimates("k1", logps, referenceLogps);
  const k3 = klEstimates("k3", logps, referenceLogps);
  expect(least(kl)).toBeGreaterThan(-ROUNDING);
  expect(least(k3)).toBeGreaterThanOrEqual(0);
  const now = await currentLogps(task, policy, temperature);
  const exact = divergence(now, reference);
  // Of k3, the deviation in a sample says little: much of it comes from tokens that are rarely drawn.
  const perString = estimates(now, reference);
  for (const [name, rows] of Object.entries({ k1, k3 })) {
    const { mean } = meanAndError(rowSums(rows));
    const error = standardError(now, perString[name as keyof typeof perString], SAMPLES);
    expect(Math.abs(mean - exact) / error, name).toBeLessThan(ERRORS);
  }
  const { mean, error } = meanAndError(rowSums(kl));
  expect(Math.abs(mean - exact) / error).toBeLessThan(ERRORS);
}

function least(rows: readonly Float64Array[]): number {
  return Math.min(...rows.map((row) => Math.min(...row)));
}

/** Trains. @returns mean divergence over the last steps, nats */
async function train(task: Task, policy: TrainablePolicy, config: PpoConfig): Promise<number> {
  const start = { params: task.reference, rewardModel: null };
  const model = createActorCritic(policy, config.value, start, config.seed);
  const divergences: number[] = [];
  await trainPpo(model, methodInputs(task), config, {
    log: (metrics) => {
      expect(metrics["kl/exact"]).toBeGreaterThan(-ROUNDING);
      expect(metrics["kl/k3"]).toBeGreaterThanOrEqual(0);
      divergences.push(metrics["kl/exact"] as number);
    },
  });
  return divergences.slice(-LAST).reduce((sum, x) => sum + x, 0) / LAST;
}

/** Names of presets of the same numbers, which are learned with once. */
const SAME = new Map<string, PresetName[]>();
for (const name of PRESET_NAMES) {
  const key = JSON.stringify([PRESETS[name].settings, CHANGES[name]]);
  SAME.set(key, [...(SAME.get(key) ?? []), name]);
}

describe.each(
  [...SAME.values()].map((names) => [names.join(", "), names[0] as PresetName] as const),
)("learning with %s", (_, preset) => {
  test.each(SEEDS)(
    "seed %i: the gold reward rises, at the target if there is one",
    async (seed) => {
      const task = await enumerableTask(seed);
      const policy = task.policy();
      const config = configOf(preset, seed);
      const { temperature } = config.rollout;
      const { config: architecture, reference: params, prompts, rewards } = task;
      const reference = await enumerated({ config: architecture, params }, prompts, temperature);
      const achieved = await train(task, policy, config);
      const logps = await currentLogps(task, policy, temperature);
      const kl = divergence(logps, reference);
      const gain = expectation(logps, rewards) - expectation(reference, rewards);
      const most = limitReward(reference, rewards, kl) - expectation(reference, rewards);
      await expectEstimates(task, policy, config, reference);
      expectWithinLimit({ ...task, referenceLogps: reference }, logps);
      expect(gain).toBeGreaterThan(LEARNED * most);
      if (config.kl.target !== null) {
        expect(Math.abs(achieved / config.kl.target - 1)).toBeLessThan(OFF_TARGET);
      }
      task.dispose();
    },
  );
});
