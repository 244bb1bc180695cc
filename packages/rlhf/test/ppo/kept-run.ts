/** Runs of PPO on a tiny model, with checkpoints in memory. */

import {
  fullPolicy,
  type ModelConfig,
  type Snapshot,
  type StepMetrics,
  trainableParameters,
} from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { sharedTrunk, valueHead } from "../../src/ppo/actor-critic.ts";
import { parsePpoConfig } from "../../src/ppo/config.ts";
import { trainPpo } from "../../src/ppo/train-ppo.ts";
import type { MethodInputs } from "../../src/rollouts/train-method.ts";
import type { RolloutHooks } from "../../src/rollouts/train-rollouts.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import type { RewardFunction } from "../../src/scoring/reward-function.ts";
import { ROTARY, tinyPairs, tinyParameters } from "../tiny.ts";
import { assignValues, valuesOf } from "../variables.ts";

/** Long enough for rewards in this process, short enough to wait for one that hangs. */
const REWARD_TIMEOUT_MS = 200;

/** Steps of a run that nothing interrupts. */
export const STEPS = 4;

const PROMPTS = tinyPairs(6).map(({ promptIds }) => ({ ids: Array.from(promptIds), text: null }));

/** A checkpoint in memory. */
export interface Kept extends Snapshot {
  readonly name: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** What is different from a run that nothing is wrong with. */
export interface RunChanges {
  readonly reward?: RewardFunction;
  readonly inputs?: Partial<MethodInputs>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly model?: ModelConfig;
  readonly hooks?: RolloutHooks;
  readonly resume?: Kept | undefined;
}

/** What a run left behind. */
export interface RunResult {
  readonly rows: readonly StepMetrics[];
  readonly kept: readonly Kept[];
  readonly warnings: readonly string[];
  /** Of policy and values, at the end. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** What it was rejected with; null where it was not. */
  readonly error: unknown;
}

/** Share of tokens above 12: what a policy can learn in a few steps. */
export function highTokens(): RewardFunction {
  return {
    name: "high tokens",
    score: async (inputs) =>
      inputs.map(({ completionIds }) => {
        const ids = Array.from(completionIds);
        return ids.filter((id) => id > 12).length / ids.length;
      }),
  };
}

/** Runs with checkpoints after every step. */
export async function runPpo(changes: RunChanges = {}): Promise<RunResult> {
  const { reward = highTokens(), inputs, settings, model: config = ROTARY, hooks } = changes;
  const reference = { config: ROTARY, params: tinyParameters(ROTARY) };
  const model = sharedTrunk(
    fullPolicy(config, trainableParameters(reference.params)),
    valueHead(config, 0.1, 5),
  );
  const { resume } = changes;
  if (resume) assignValues(model.variables, resume.values);
  const rows: StepMetrics[] = [];
  const kept: Kept[] = [];
  const warnings: string[] = [];
  let error: unknown = null;
  try {
    await trainPpo(
      model,
      {
        reference,
        prompts: PROMPTS,
        decode: null,
        reward: new CheckedReward(reward, { timeoutMs: REWARD_TIMEOUT_MS }),
        ...inputs,
      },
      parsePpoConfig({
        ...{ preset: "n-details", maxSteps: STEPS, maxLength: 32, batchSize: 4, saveEvery: 1 },
        rollout: { completions: 8, samplesPerPrompt: 2, maxNewTokens: 6, temperature: 1 },
        optimizer: { lr: 1e-3 },
        update: { epochs: 2, minibatches: 2 },
        score: { scale: "running", center: true },
        ...settings,
      }),
      {
        log: (row) => void rows.push(row),
        warn: (message) => void warnings.push(message),
        save: async (snapshot) => {
          const name = `step-${snapshot.step}`;
          kept.push({ ...snapshot, name, values: valuesOf(model.variables) });
          return name;
        },
        ...hooks,
      },
      resume,
    );
  } catch (reason) {
    error = reason;
  }
  const values = valuesOf(model.variables);
  tf.dispose([Object.values(model.variables), Object.values(reference.params)]);
  return { rows, kept, warnings, values, error };
}
