import "@tensorflow/tfjs-backend-cpu";
import { fullPolicy, type TrainablePolicy, tokenLogps, trainableParameters } from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type ActorCritic,
  actorCriticMeter,
  separateTrunks,
  sharedTrunk,
  valueHead,
} from "../../src/ppo/actor-critic.ts";
import { parsePpoConfig } from "../../src/ppo/config.ts";
import { ppoUpdater } from "../../src/ppo/update.ts";
import type { Rollout } from "../../src/rollouts/rollouts.ts";
import { normalRows } from "../random.ts";
import { ROTARY, SCORING, tinyPairs, tinyParameters } from "../tiny.ts";

/** Sums over padded keys in another order. */
const FLOAT32 = { atol: 5e-5, rtol: 5e-5 };

const ROLLOUTS: Rollout[] = tinyPairs(6).map(({ promptIds, chosenIds }) => ({
  promptIds,
  completionIds: chosenIds,
}));
const LENGTHS = ROLLOUTS.map(({ completionIds }) => completionIds.length);
const MEASURE = { batchSize: 4, maxLength: 32, temperature: 1 };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

function tiny(config: typeof ROTARY, seed = 1): TrainablePolicy {
  const params = tinyParameters(config, seed);
  const variables = trainableParameters(params);
  tf.dispose(Object.values(params));
  return fullPolicy(config, variables);
}

async function measured(model: ActorCritic, temperature = 1) {
  const params = tinyParameters(ROTARY, 3);
  const reference = { config: ROTARY, params };
  const meter = actorCriticMeter(model, reference, { ...MEASURE, temperature });
  const numbers = await meter.measure(ROLLOUTS);
  meter.dispose();
  tf.dispose(Object.values(params));
  return numbers;
}

describe("ppo/actor-critic", () => {
  test("log-probabilities are those of the backbone, one text at a time", async () => {
    const policy = tiny(ROTARY);
    const { logps } = await measured(sharedTrunk(policy, valueHead(ROTARY, 0.5, 1)));
    ROLLOUTS.forEach(({ promptIds, completionIds }, i) => {
      const text = [...Array.from(promptIds), ...Array.from(completionIds)];
      const expected = tf.tidy(() => {
        const ids = tf.tensor2d([text], [1, text.length], "int32");
        const tokens = { ids, attentionMask: tf.onesLike(ids) };
        const all = tokenLogps({ config: ROTARY, params: policy.parameters() }, tokens);
        return all.dataSync<"float32">().slice(promptIds.length - 1);
      });
      expect(logps[i]).toBeAllClose(expected, FLOAT32);
    });
  });

  test("a high temperature makes all words alike, a low one the likeliest certain", async () => {
    const model = sharedTrunk(tiny(ROTARY), valueHead(ROTARY, 0, 1));
    const [hot, warm, cold] = [
      await measured(model, 1e6),
      await measured(model, 1),
      await measured(model, 1e-2),
    ];
    const mean = (rows: readonly Float64Array[]) => {
      const all = rows.flatMap((row) => [...row]);
      return all.reduce((sum, x) => sum + x, 0) / all.length;
    };
    expect(mean(hot.entropy)).toBeAllClose(Math.log(23), FLOAT32);
    expect(mean(hot.logps)).toBeAllClose(-Math.log(23), FLOAT32);
    expect(mean(warm.entropy)).toBeLessThan(Math.log(23));
    expect(mean(cold.entropy)).toBeLessThan(0.2 * mean(warm.entropy));
  });

  test("values are 0 from a head of zeros, and a function of the policy's states otherwise", async () => {
    const policy = tiny(ROTARY);
    const zeros = await measured(sharedTrunk(policy, valueHead(ROTARY, 0, 1)));
    expect(Math.max(...zeros.values.flatMap((row) => [...row]))).toBe(0);
    const { values } = await measured(sharedTrunk(policy, valueHead(ROTARY, 1, 1)));
    expect(values.map(({ length }) => length)).toEqual(LENGTHS);
    expect(new Set(values.flatMap((row) => [...row])).size).toBeGreaterThan(20);
  });

  test("a value function of its own leaves the policy alone", async () => {
    const [policy, critic] = [tiny(ROTARY), tiny(SCORING, 2)];
    const model = separateTrunks(policy, critic);
    const before = await measured(model);
    const settings = parsePpoConfig({
      preset: "trl-1.10",
      maxSteps: 1,
      rollout: { completions: 6 },
      optimizer: { lr: 1e-2 },
    });
    const updater = ppoUpdater(model, settings, { batchSize: 6, maxLength: 32 });
    // Without advantages only the values have anything to learn.
    const minibatch = {
      rollouts: ROLLOUTS,
      oldLogps: before.logps,
      oldValues: before.values,
      advantages: LENGTHS.map((length) => new Float64Array(length)),
      returns: normalRows(LENGTHS, 3),
    };
    const first = await updater.update(1e-2, minibatch);
    for (let step = 0; step < 20; step++) await updater.update(1e-2, minibatch);
    const last = await updater.update(1e-2, minibatch);
    updater.dispose();
    expect(last.metrics["loss/value"]).toBeLessThan(first.metrics["loss/value"] as number);
    const after = await measured(model);
    expect(after.logps).toEqual(before.logps);
    expect(after.values).not.toEqual(before.values);
  });

  test("leaves no tensors behind", async () => {
    const model = sharedTrunk(tiny(ROTARY), valueHead(ROTARY, 0.1, 1));
    await measured(model);
    expect(await leakedTensors(() => measured(model))).toBe(0);
  });
});
