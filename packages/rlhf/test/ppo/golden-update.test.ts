import "@tensorflow/tfjs-backend-cpu";
import { fullPolicy, loadModel, trainableParameters, type Variables } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { klEstimates } from "../../src/kl/estimators.ts";
import { actorCriticMeter, sharedTrunk, VALUE_HEAD } from "../../src/ppo/actor-critic.ts";
import { rolloutAdvantages } from "../../src/ppo/advantages.ts";
import { type PpoUpdater, ppoUpdater } from "../../src/ppo/update.ts";
import { tokenRewards } from "../../src/shaping/token-rewards.ts";
import { ARRAYS, flat, goldenValues } from "../golden.ts";
import {
  goldenRollouts,
  REFERENCE,
  responseRows,
  SETTINGS,
  STEPS,
  storedName,
  weightsOf,
} from "./golden-update.ts";

/** Tolerances of the fixture's README. */
const LOSSES = { atol: 3e-4, rtol: 1e-3 };
const NORM = { atol: 0, rtol: 2e-3 };
const WEIGHTS = { atol: 5e-4, rtol: 0 };
/** A token whose ratio lies on the boundary may be clipped or not; minibatches have 22 or more. */
const ONE_TOKEN = { atol: 1 / 20, rtol: 0 };
/** Logits of a few layers. */
const LOGPS = { atol: 1e-4, rtol: 1e-4 };

const OPTIONS = { batchSize: 3, maxLength: 64, temperature: 1 };

beforeAll(async () => {
  await selectBackend("ort");
});
afterEach(() => tf.disposeVariables());

async function start() {
  const { config } = await loadModel(REFERENCE).then((model) => {
    tf.dispose(Object.values(model.params));
    return model;
  });
  const { named, params } = await weightsOf("init");
  const variables = trainableParameters(params);
  tf.dispose(Object.values(params));
  const weight = named.get("v_head.weight")?.values as Float32Array;
  const bias = named.get("v_head.bias")?.values as Float32Array;
  const head: Variables = {
    [VALUE_HEAD.weight]: tf.variable(tf.tensor2d(weight, [config.width, 1])),
    [VALUE_HEAD.bias]: tf.variable(tf.tensor1d(bias)),
  };
  return { config, model: sharedTrunk(fullPolicy(config, variables), head) };
}

function minibatch(rows: readonly number[]): Parameters<PpoUpdater["update"]>[1] {
  const rollouts = goldenRollouts();
  const advantages = rolloutAdvantages(
    responseRows("rewards"),
    responseRows("old_values"),
    SETTINGS.advantages,
  );
  const pick = <Item>(items: readonly Item[]) => rows.map((row) => items[row] as Item);
  return {
    rollouts: pick(rollouts),
    oldLogps: pick(responseRows("old_logps")),
    oldValues: pick(responseRows("old_values")),
    advantages: pick(advantages.advantages),
    returns: pick(advantages.returns),
  };
}

/** What its true gradient of 0 leaves to noise is not compared: the key third of this bias. */
function compared(name: string, values: ArrayLike<number>): number[] {
  const third = values.length / 3;
  const isBias = name.endsWith("attn.c_attn.bias");
  return Array.from(values).filter((_, i) => !isBias || i < third || i >= 2 * third);
}

async function expectUpdate(batchSize: number): Promise<void> {
  const { config, model } = await start();
  const updater = ppoUpdater(model, SETTINGS, { batchSize, maxLength: 64 });
  for (const golden of STEPS) {
    const { loss, gradNorm, metrics } = await updater.update(
      SETTINGS.optimizer.lr,
      minibatch(golden.rows),
    );
    expect(loss).toBeAllClose(golden.loss, LOSSES);
    expect(gradNorm).toBeAllClose(golden.grad_norm, NORM);
    const pairs = {
      "loss/policy": golden.policy_loss,
      "loss/value": golden.value_loss,
      entropy: golden.entropy,
      "approx_kl/k1": golden.policykl,
      "approx_kl/k2": golden.approxkl,
      "approx_kl/k3": golden.approxkl_k3,
      "ratio/mean": golden.ratio_mean,
    };
    for (const [name, expected] of Object.entries(pairs)) {
      expect(metrics[name], name).toBeAllClose(expected, LOSSES);
    }
    expect(metrics["clip_fraction"]).toBeAllClose(golden.clipfrac, ONE_TOKEN);
    expect(metrics["value_clip_fraction"]).toBeAllClose(golden.vf_clipfrac, ONE_TOKEN);
  }
  const { named, params } = await weightsOf("final");
  tf.dispose(Object.values(params));
  for (const [name, variable] of Object.entries(model.variables)) {
    const stored = storedName(name, config.layers);
    const expected = named.get(stored)?.values ?? [];
    const ours = await variable.data<"float32">();
    expect(compared(stored, ours), stored).toBeAllClose(compared(stored, expected), WEIGHTS);
  }
  updater.dispose();
}

describe("ppo/golden-update", () => {
  test("log-probabilities and values of the rollouts are torch's, whatever their padding", async () => {
    const { model } = await start();
    const { config, params } = await loadModel(REFERENCE);
    const meter = actorCriticMeter(model, { config, params }, OPTIONS);
    const { logps, values, referenceLogps } = await meter.measure(goldenRollouts());
    expect(flat(logps)).toBeAllClose(flat(responseRows("old_logps")), LOGPS);
    expect(flat(values)).toBeAllClose(flat(responseRows("old_values")), LOGPS);
    expect(flat(referenceLogps)).toBeAllClose(flat(responseRows("ref_logps")), LOGPS);
    meter.dispose();
    tf.dispose(Object.values(params));
  });

  test("rewards, advantages and returns are torch's", () => {
    const kl = klEstimates("k1", responseRows("old_logps"), responseRows("ref_logps"));
    const rewards = tokenRewards(kl, goldenValues("update.scores"), SETTINGS.kl.initial);
    expect(flat(rewards)).toBeAllClose(flat(responseRows("rewards")), ARRAYS);
    const whitened = rolloutAdvantages(rewards, responseRows("old_values"), SETTINGS.advantages);
    expect(flat(whitened.advantages)).toBeAllClose(
      flat(responseRows("advantages_whitened")),
      ARRAYS,
    );
    expect(flat(whitened.returns)).toBeAllClose(flat(responseRows("returns")), ARRAYS);
    const raw = rolloutAdvantages(rewards, responseRows("old_values"), {
      ...SETTINGS.advantages,
      whiten: "none",
    });
    expect(flat(raw.advantages)).toBeAllClose(flat(responseRows("advantages")), ARRAYS);
  });

  test("the whole update goes step by step as torch's", () => expectUpdate(4));

  test("in micro-batches of one and three rollouts it goes the same", () => expectUpdate(3));
});
