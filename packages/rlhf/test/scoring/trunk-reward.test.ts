import "@tensorflow/tfjs-backend-cpu";
import type { ModelConfig, Params } from "@preflab/lm";
import { leakedTensors } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseRlooConfig } from "../../src/critic-free/config.ts";
import { trainRloo } from "../../src/critic-free/train.ts";
import { actorCriticMeter, sharedTrunk, valueHead } from "../../src/ppo/actor-critic.ts";
import type { RewardModel } from "../../src/reward/reward-model.ts";
import { policyMeter, type ReferenceModel } from "../../src/rollouts/measure.ts";
import { CheckedReward } from "../../src/scoring/checked-reward.ts";
import { learnedReward } from "../../src/scoring/model-reward.ts";
import { onTrunk, trunkReward } from "../../src/scoring/trunk-reward.ts";
import { recorder, toyInputs, toyPolicy } from "../rollouts/toy.ts";
import { ROTARY, SCORING, tinyPairs, tinyParameters } from "../tiny.ts";
import { idInput, NO_SIGNAL } from "./inputs.ts";

/** Sums over padded keys, and products of matrices of other sizes, in another order. */
const FLOAT32 = { atol: 5e-5, rtol: 5e-5 };

const OPTIONS = { batchSize: 4, maxLength: 32 };
const MEASURE = { ...OPTIONS, temperature: 0.7 };
const ROLLOUTS = tinyPairs(7).map(({ promptIds, chosenIds }) =>
  idInput(Array.from(promptIds), Array.from(chosenIds)),
);

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

/** Weights of the seed 3, with or without a score head in place of the other. */
function weights(config: ModelConfig): Params {
  return tinyParameters(config, 3);
}

function rewardModel(params = weights(SCORING), config = SCORING): RewardModel {
  return { config, params, normalization: { gain: 2, bias: -1 } };
}

/** A reference and a reward model on its trunk, disposed after the body. */
async function withBoth<Result>(
  body: (reference: ReferenceModel, model: RewardModel) => Promise<Result>,
): Promise<Result> {
  const reference = { config: ROTARY, params: weights(ROTARY) };
  const model = onTrunk(rewardModel(), reference);
  try {
    return await body(reference, model as RewardModel);
  } finally {
    tf.dispose([{ ...reference.params }, { ...model?.params }]);
  }
}

describe("scoring/trunk-reward", () => {
  test.each([
    ["of a policy", () => [toyPolicy(), null] as const],
    ["of policy and values", () => [toyPolicy(), valueHead(ROTARY, 0.5, 1)] as const],
  ])("one pass %s gives what separate ones give", async (_, make) => {
    const [policy, head] = make();
    const meterOf = (reference: ReferenceModel) =>
      head
        ? actorCriticMeter(sharedTrunk(policy, head), reference, MEASURE)
        : policyMeter(policy, reference, MEASURE);
    const numbersOf = async (reference: ReferenceModel) => {
      const meter = meterOf(reference);
      const { logps, entropy, referenceLogps, kl } = await meter.measure(ROLLOUTS);
      meter.dispose();
      return [logps, entropy, referenceLogps, kl].flat().flatMap((row) => [...row]);
    };
    await withBoth(async (reference, model) => {
      const alone = learnedReward(model, OPTIONS);
      // A pass of its own would be refused.
      const reward = trunkReward(model, { batchSize: 4, maxLength: 1 });
      await expect(reward.score(ROLLOUTS, NO_SIGNAL)).rejects.toThrow("1 to 1 tokens");
      expect(await numbersOf({ ...reference, reward })).toBeAllClose(
        await numbersOf(reference),
        FLOAT32,
      );
      const reversed = ROLLOUTS.toReversed();
      const told = await reward.score(reversed, NO_SIGNAL);
      expect(told).toBeAllClose(await alone.score(reversed, NO_SIGNAL), FLOAT32);
      const others = [...ROLLOUTS.slice(1), idInput([5, 6], [7])];
      await expect(reward.score(others, NO_SIGNAL)).rejects.toThrow("1 to 1 tokens");
      alone.dispose?.();
      reward.dispose?.();
    });
  });

  test("a reward model on the same trunk costs no more than its head", () => {
    const reference = { config: ROTARY, params: weights(ROTARY) };
    const before = tf.memory().numBytes;
    const model = onTrunk(rewardModel(), reference);
    expect(tf.memory().numBytes - before).toBe(4 * ROTARY.width);
    const { "score.weight": _, ...trunk } = model?.params ?? {};
    for (const [name, tensor] of Object.entries(trunk)) {
      expect(tensor).toBe(reference.params[name]);
    }
    tf.dispose([{ ...reference.params }, { ...model?.params }]);
  });

  test("a trunk that differs in one number, or in what is made of them, is not shared", () => {
    const reference = { config: ROTARY, params: weights(ROTARY) };
    const params = { ...weights(SCORING) };
    const name = "blocks.1.mlp.down.weight";
    const moved = (params[name] as tf.Tensor).bufferSync();
    moved.values[5] = (moved.values[5] as number) * (1 + 2 ** -23);
    params[name]?.dispose();
    params[name] = moved.toTensor();
    const before = tf.memory().numTensors;
    expect(onTrunk(rewardModel(params), reference)).toBeNull();
    const wider = { ...SCORING, slidingWindow: 4 };
    const same = weights(SCORING);
    expect(onTrunk(rewardModel(same, wider), reference)).toBeNull();
    expect(tf.memory().numTensors).toBe(before + Object.keys(same).length);
    tf.dispose([{ ...reference.params }, params, { ...same }]);
  });

  test("a run learns the same from it, with scores that are checked and counted", async () => {
    const config = parseRlooConfig({
      ...{ maxSteps: 3, maxLength: 32, batchSize: 8, optimizer: { lr: 1e-3 } },
      rollout: { completions: 16, samplesPerPrompt: 2, maxNewTokens: 6, temperature: 1 },
    });
    const run = (isShared: boolean) =>
      withBoth(async (reference, model) => {
        const policy = toyPolicy();
        const fused = trunkReward(model, OPTIONS);
        const function_ = isShared ? fused : learnedReward(model, OPTIONS);
        const reward = new CheckedReward(function_, { timeoutMs: 10_000 });
        const inputs = {
          ...toyInputs(reward),
          reference: isShared ? { ...reference, reward: fused } : reference,
        };
        const { metrics, hooks } = recorder(policy);
        await trainRloo(policy, inputs, config, hooks);
        reward.dispose();
        return { metrics, queries: reward.queries };
      });
    const [fused, separate] = [await run(true), await run(false)];
    expect(fused.queries).toBe(separate.queries);
    expect(fused.queries).toBe(48);
    for (const name of ["score/mean", "score/std", "kl/exact", "reward/mean"]) {
      const of = ({ metrics }: typeof fused) => metrics.map((row) => row[name] as number);
      expect(of(fused)).toBeAllClose(of(separate), { atol: 1e-3, rtol: 1e-3 });
    }
    tf.disposeVariables();
    const leaked = await leakedTensors(async () => {
      await run(true);
      tf.disposeVariables();
    });
    expect(leaked).toBe(0);
  });

  test("a score that is not finite is an error that names the completion", async () => {
    await withBoth(async (reference, model) => {
      const head = tf.fill([ROTARY.width, 1], Number.NaN);
      const broken = { ...model, params: { ...model.params, "score.weight": head } };
      const reward = trunkReward(broken, OPTIONS);
      const meter = policyMeter(toyPolicy(), { ...reference, reward }, MEASURE);
      await meter.measure(ROLLOUTS);
      const checked = new CheckedReward(reward, { timeoutMs: 10_000 });
      await expect(checked.score(ROLLOUTS)).rejects.toThrow("got NaN for completion 0");
      expect(checked.queries).toBe(0);
      meter.dispose();
      reward.dispose?.();
      head.dispose();
    });
  });
});
