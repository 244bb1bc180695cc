/**
 * What goes wrong when a detail of PPO is wrong. Every wrong variant is put together here from the
 * library's parts, beside the right one with the same seeds. The numbers of a run are in
 * ./ablations.json; with RECORD=1 a run writes its own there.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TrainablePolicy } from "@preflab/lm";
import {
  actorCriticMeter,
  CheckedReward,
  createActorCritic,
  type Experience,
  functionReward,
  type MethodInputs,
  nextKlWeight,
  type PpoConfig,
  parsePpoConfig,
  ppoMethod,
  type RolloutMethod,
  trainMethod,
  trainPpo,
} from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { enumerated } from "../../src/enumerable/enumerate.ts";
import { divergence, optimum } from "../../src/enumerable/exact.ts";
import { LONGEST } from "../../src/enumerable/strings.ts";
import {
  BETA,
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
afterAll(() => {
  if (process.env["RECORD"] !== "1") return;
  const path = fileURLToPath(new URL("./ablations.json", import.meta.url));
  const text = JSON.stringify(records, null, 2);
  // Lists of numbers on one line.
  const short = text.replaceAll(/\[[^\]]*\]/g, (list) => {
    return list.replaceAll(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]");
  });
  writeFileSync(path, `${short}\n`);
});

const SEEDS = [1, 2, 3];
const STEPS = 40;
/** Steps over which a divergence is averaged. */
const LAST = 10;
const COMPLETIONS = 128;
/** Divergence to keep to where it is controlled, nats per completion. */
const TARGET = 1;
/**
 * What is added to every score: those of reward models are seldom centred, and the best policy does
 * not depend on it. The values make up for the small one within a run, not for the large one.
 */
const OFFSETS = { small: 5, large: 20 };

/** One number of every seed, with the detail right and wrong. */
interface Ablation {
  readonly measure: string;
  readonly right: number[];
  readonly wrong: number[];
}

const records: Record<string, Ablation> = {};

function configOf(seed: number, changes: Readonly<Record<string, object>> = {}): PpoConfig {
  return parsePpoConfig({
    ...{ preset: "trl-classic", seed, maxSteps: STEPS, maxLength: MAX_LENGTH },
    batchSize: COMPLETIONS,
    optimizer: { lr: 3e-3, schedule: "linear" },
    rollout: {
      completions: COMPLETIONS,
      samplesPerPrompt: COMPLETIONS / PROMPTS.length,
      maxNewTokens: LONGEST,
      ...changes["rollout"],
    },
    kl: { initial: BETA, target: "none", ...changes["kl"] },
    update: { minibatches: 4 },
    advantages: { ...changes["advantages"] },
  });
}

/** How a run is different from what the library would do. */
interface Variant {
  /** Temperature that logits are divided by wherever the policy is evaluated. */
  readonly temperature?: number;
  /** What the method learns from, in place of what it was given. */
  readonly experience?: (experience: Experience<"values">) => Experience<"values">;
}

/** Trains as `trainPpo` does but for the variant. @returns mean divergence over the last steps */
async function train(
  task: Task,
  policy: TrainablePolicy,
  inputs: MethodInputs,
  config: PpoConfig,
  variant: Variant,
): Promise<number> {
  const { rollout, maxLength, batchSize, seed } = config;
  const { temperature = rollout.temperature, experience: change = (given) => given } = variant;
  const start = { params: task.reference, rewardModel: null };
  const model = createActorCritic(policy, config.value, start, seed);
  const meter = actorCriticMeter(model, inputs.reference, { batchSize, maxLength, temperature });
  const settings = { ...config, rollout: { ...rollout, temperature } };
  const right = ppoMethod(model, meter, settings, { batchSize, maxLength, seed });
  const method: RolloutMethod<"values"> = {
    ...right,
    update: (step, lr, experience) => right.update(step, lr, change(experience)),
  };
  const divergences: number[] = [];
  const hooks = {
    log: (metrics: Readonly<Record<string, number>>) => {
      divergences.push(metrics["kl/exact"] as number);
    },
  };
  await trainMethod("ablation", policy, method, inputs, config, hooks, undefined);
  return divergences.slice(-LAST).reduce((sum, x) => sum + x, 0) / LAST;
}

/** Trains a fresh policy. @returns its distance from the best one, exactly, and the divergence */
async function outcome(
  seed: number,
  config: PpoConfig,
  variant: Variant,
  inputsOf: (task: Task) => MethodInputs = methodInputs,
): Promise<{ readonly distance: number; readonly kl: number }> {
  const task = await enumerableTask(seed);
  const policy = task.policy();
  const kl = await train(task, policy, inputsOf(task), config, variant);
  const { temperature } = config.rollout;
  const { config: architecture, reference: params, rewards } = task;
  const referenceLogps = await enumerated({ config: architecture, params }, PROMPTS, temperature);
  const logps = await currentLogps(task, policy, temperature);
  expectWithinLimit({ ...task, referenceLogps }, logps);
  const distance = divergence(logps, optimum(referenceLogps, rewards, BETA).logps);
  task.dispose();
  tf.disposeVariables();
  return { distance, kl };
}

async function perSeed(run: (seed: number) => Promise<number>): Promise<number[]> {
  const numbers: number[] = [];
  for (const seed of SEEDS) numbers.push(await run(seed));
  return numbers;
}

function record(name: string, ablation: Ablation): void {
  const short = (numbers: number[]) => numbers.map((x) => Number(x.toPrecision(3)));
  const { measure, right, wrong } = ablation;
  records[name] = { measure, right: short(right), wrong: short(wrong) };
  process.stdout.write(`${name}: ${JSON.stringify(records[name])}\n`);
}

const DISTANCE = "KL(policy || best policy), nats";

describe("ablations", () => {
  test("the right variant is trainPpo", async () => {
    const config = { ...configOf(1), maxSteps: 3 };
    const run = async (
      trained: (task: Task, policy: TrainablePolicy) => Promise<unknown>,
    ): Promise<Float64Array> => {
      const task = await enumerableTask(1);
      const policy = task.policy();
      await trained(task, policy);
      const [logps] = await currentLogps(task, policy);
      task.dispose();
      return logps as Float64Array;
    };
    const own = await run((task, policy) => train(task, policy, methodInputs(task), config, {}));
    const library = await run((task, policy) => {
      const start = { params: task.reference, rewardModel: null };
      const model = createActorCritic(policy, config.value, start, config.seed);
      return trainPpo(model, methodInputs(task), config);
    });
    expect(own).toEqual(library);
  });

  test("without whitened advantages, scores far from centred are not learned from", async () => {
    const withOffset = (offset: number) => (task: Task) => ({
      ...methodInputs(task),
      reward: new CheckedReward(
        functionReward("table with an offset", ({ promptIds, completionIds }) => {
          return offset + task.rewardOf(task.promptNumber(promptIds), completionIds);
        }),
        { timeoutMs: 60_000 },
      ),
    });
    const run = (whiten: string, offset: number) => async (seed: number) => {
      const config = configOf(seed, { advantages: { whiten } });
      return (await outcome(seed, config, {}, withOffset(offset))).distance;
    };
    for (const [size, offset] of Object.entries(OFFSETS)) {
      const [right, wrong] = [
        await perSeed(run("batch", offset)),
        await perSeed(run("none", offset)),
      ];
      record(`no advantage whitening, scores plus ${offset}`, { measure: DISTANCE, right, wrong });
      if (size === "small") continue;
      right.forEach((distance, i) => {
        expect(wrong[i]).toBeGreaterThan(2 * distance);
      });
    }
  });

  test("a controller that is told of the divergence per token misses the target", async () => {
    const horizon = 2 * COMPLETIONS;
    const control = { initial: 0.5, target: TARGET, horizon };
    const right = await perSeed(async (seed) => {
      return (await outcome(seed, configOf(seed, { kl: control }), {})).kl;
    });
    const wrong = await perSeed(async (seed) => {
      let weight = control.initial;
      const experience = (given: Experience<"values">) => {
        const changed = { ...given, klWeight: weight };
        const tokens = given.kl.flatMap((row) => Array.from(row));
        const perToken = tokens.reduce((sum, x) => sum + x, 0) / tokens.length;
        weight = nextKlWeight(control, weight, perToken, given.kl.length);
        return changed;
      };
      const config = configOf(seed, { kl: { initial: control.initial } });
      return (await outcome(seed, config, { experience })).kl;
    });
    const measure = `mean divergence of the last ${LAST} steps, nats; target ${TARGET}`;
    record("token-mean KL in the controller", { measure, right, wrong });
    right.forEach((kl, i) => {
      expect(Math.abs(kl / TARGET - 1)).toBeLessThan(0.15);
      expect(wrong[i]).toBeGreaterThan(1.5 * TARGET);
    });
  });

  test("logits that are not divided by the sampling temperature lead elsewhere", async () => {
    const cool = (seed: number) => configOf(seed, { rollout: { temperature: 0.7 } });
    const run = (variant: Variant) => async (seed: number) => {
      return (await outcome(seed, cool(seed), variant)).distance;
    };
    const [right, wrong] = [await perSeed(run({})), await perSeed(run({ temperature: 1 }))];
    record("wrong temperature in the logits", { measure: DISTANCE, right, wrong });
    right.forEach((distance, i) => {
      expect(wrong[i]).toBeGreaterThan(1.5 * distance);
    });
  });

  test("a score on the last column, which is padding of all but the longest, is lost", async () => {
    const experience = (given: Experience<"values">) => {
      const lengths = given.samples.rollouts.map(({ completionIds }) => completionIds.length);
      const longest = Math.max(...lengths);
      // What the mask takes away.
      const scores = given.scores.map((score, i) => (lengths[i] === longest ? score : 0));
      return { ...given, scores };
    };
    const run = (variant: Variant) => async (seed: number) => {
      return (await outcome(seed, configOf(seed), variant)).distance;
    };
    const [right, wrong] = [await perSeed(run({})), await perSeed(run({ experience }))];
    record("score on PAD", { measure: DISTANCE, right, wrong });
    right.forEach((distance, i) => {
      expect(wrong[i]).toBeGreaterThan(2 * distance);
    });
  });
});
