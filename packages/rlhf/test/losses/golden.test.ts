import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { readFileSync } from "node:fs";
import { type ModelConfig, scoreTokens } from "@preflab/lm";
import { describeWithFixture } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { maskedMean } from "../../src/losses/aggregate.ts";
import { klLosses } from "../../src/losses/kl-loss.ts";
import { clippedPolicyLosses } from "../../src/losses/policy-loss.ts";
import { ppoLoss } from "../../src/losses/ppo-loss.ts";
import { clippedValueLosses } from "../../src/losses/value-loss.ts";
import {
  ARRAYS,
  type GoldenLoss,
  golden,
  goldenPath,
  goldenTensor,
  goldenValues,
  SCALARS,
} from "../golden.ts";
import { differentiate, numberOf } from "./gradients.ts";

const SHAPE = [8, 10] as const;
const NAMES = ["loss.c0.2.v0.2", "loss.c0.1.v0.5"] as const;

/** A model whose hidden states are its logits: the head is the unit matrix. */
function unitModel(hidden: tf.Tensor3D): Parameters<typeof scoreTokens>[0] {
  const words = hidden.shape[2];
  const config = { tiedEmbeddings: false, vocabSize: words, width: words } as ModelConfig;
  return { config, params: { head: tf.eye(words) }, hidden };
}

/** Logits `[8, 10, 24]` with a last column that predicts nothing. */
function withEnd(logits: tf.Tensor3D): tf.Tensor3D {
  return tf.pad3d(logits, [
    [0, 0],
    [0, 1],
    [0, 0],
  ]);
}

describe.each(["cpu", "ort"])("losses/golden on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  it.each(NAMES)("%s: losses and metrics are torch's", (name) => {
    const expected: GoldenLoss = golden[name];
    const ours = tf.tidy(() => {
      const mask = goldenTensor("mask");
      const { metrics } = ppoLoss(
        {
          mask,
          logps: goldenTensor("loss.new_logps"),
          oldLogps: goldenTensor("loss.old_logps"),
          advantages: goldenTensor("loss.advantages"),
          values: goldenTensor("loss.new_values"),
          oldValues: goldenTensor("loss.old_values"),
          returns: goldenTensor("loss.returns"),
          entropy: tf.zerosLike(mask),
        },
        {
          clipRange: { low: expected.cliprange, high: expected.cliprange },
          valueClipRange: expected.cliprange_value,
          valueWeight: 1,
          entropyWeight: 0,
        },
      );
      const values = Object.entries(metrics).map(([key, x]) => [key, x.dataSync()[0]]);
      return Object.fromEntries(values) as Record<string, number>;
    });
    const pairs = {
      "loss/policy": expected.policy_loss,
      "loss/value": expected.value_loss,
      clip_fraction: expected.clipfrac,
      value_clip_fraction: expected.vf_clipfrac,
      "approx_kl/k1": expected.policykl,
      "approx_kl/k2": expected.approxkl,
      "approx_kl/k3": expected.approxkl_k3,
      "ratio/mean": expected.ratio_mean,
    };
    for (const [key, value] of Object.entries(pairs)) {
      expect(ours[key], key).toBeAllClose(value, SCALARS);
    }
  });

  it.each(NAMES)("%s: gradients are torch's", (name) => {
    const { cliprange: range, cliprange_value: valueRange } = golden[name];
    const policy = differentiate(
      (logps) =>
        maskedMean(
          clippedPolicyLosses(
            logps,
            goldenTensor("loss.old_logps"),
            goldenTensor("loss.advantages"),
            { low: range, high: range },
          ).losses,
          goldenTensor("mask"),
        ),
      goldenValues("loss.new_logps"),
      SHAPE,
    );
    expect(policy.gradient).toBeAllClose(goldenValues(`${name}.grad_new_logps`), ARRAYS);
    const value = differentiate(
      (values) =>
        maskedMean(
          clippedValueLosses(
            values,
            goldenTensor("loss.old_values"),
            goldenTensor("loss.returns"),
            valueRange,
          ).losses,
          goldenTensor("mask"),
        ),
      goldenValues("loss.new_values"),
      SHAPE,
    );
    expect(value.gradient).toBeAllClose(goldenValues(`${name}.grad_new_values`), ARRAYS);
  });

  it.each(["k2", "k3"] as const)("klLosses %s are torch's", (name) => {
    const losses = tf.tidy(() =>
      klLosses(name, goldenTensor("kl.logps"), goldenTensor("kl.ref_logps")).dataSync(),
    );
    expect(losses).toBeAllClose(goldenValues(`kl.${name}`), ARRAYS);
  });

  it("the backbone's exact divergences and entropies are torch's", () => {
    const numbers = tf.tidy(() => {
      const ids = tf.zeros<tf.Rank.R2>([8, 11], "int32");
      const tokens = { ids, attentionMask: tf.onesLike(ids) };
      const [policy, reference] = ["fullkl.logits", "fullkl.ref_logits"].map((name) =>
        unitModel(withEnd(goldenTensor<tf.Tensor3D>(name))),
      ) as [ReturnType<typeof unitModel>, ReturnType<typeof unitModel>];
      const forward = scoreTokens(policy, tokens, reference);
      const backward = scoreTokens(reference, tokens, policy);
      const mean = maskedMean(forward.entropy, goldenTensor("mask"));
      return [forward.kl, backward.kl, forward.entropy, mean].map((x) =>
        (x as tf.Tensor).dataSync<"float32">(),
      );
    });
    const names = ["kl_policy_ref", "kl_ref_policy"].map((name) => `fullkl.${name}`);
    [...names, "entropy.per_token", "entropy.masked_mean"].forEach((name, i) => {
      expect(numbers[i], name).toBeAllClose(goldenValues(name), ARRAYS);
    });
  });

  // Of TRL's test of its PPO trainer.
  it.each([
    [[0.98, 0.01, 0.01], [0.01, 0.01, 0.98], 4.4474],
    [[0.49, 0.02, 0.49], [0.01, 0.98, 0.01], 3.7361],
  ])("the backbone's exact divergence of %j from %j is %d", (p, q, expected) => {
    const kl = numberOf(() => {
      const ids = tf.zeros<tf.Rank.R2>([1, 2], "int32");
      const [policy, reference] = [p, q].map((probabilities) =>
        unitModel(tf.tensor3d([[probabilities.map(Math.log), [0, 0, 0]]])),
      ) as [ReturnType<typeof unitModel>, ReturnType<typeof unitModel>];
      const tokens = { ids, attentionMask: tf.onesLike(ids) };
      return scoreTokens(policy, tokens, reference).kl as tf.Tensor;
    });
    expect(kl).toBeAllClose(expected, { atol: 5.1e-5, rtol: 0 });
  });

  it("the gradient of the masked mean entropy is torch's", () => {
    const gradient = tf.tidy(() => {
      const ids = tf.zeros<tf.Rank.R2>([8, 11], "int32");
      const tokens = { ids, attentionMask: tf.onesLike(ids) };
      const mask = goldenTensor("mask");
      const meanEntropy = (logits: tf.Tensor) =>
        maskedMean(scoreTokens(unitModel(withEnd(logits as tf.Tensor3D)), tokens).entropy, mask);
      return tf.grad(meanEntropy)(goldenTensor<tf.Tensor3D>("fullkl.logits")).dataSync();
    });
    expect(gradient).toBeAllClose(goldenValues("entropy.grad_logits"), ARRAYS);
  });

  it("the mean of the other side of the mask is another one", () => {
    const mean = numberOf(() =>
      maskedMean(goldenTensor("stats.values"), tf.sub(1, goldenTensor("mask"))),
    );
    expect(Math.abs(mean - (goldenValues("stats.mean")[0] as number))).toBeGreaterThan(0.01);
    const own = numberOf(() => maskedMean(goldenTensor("stats.values"), goldenTensor("mask")));
    expect(own).toBeAllClose(goldenValues("stats.mean"), SCALARS);
  });
});

describeWithFixture("ppo", "losses/golden, the committed copy", (original) => {
  it.each(["ppo.safetensors", "index.json", "update.init.safetensors", "update.final.safetensors"])(
    "%s is the original",
    (file) => {
      const copy = readFileSync(goldenPath(file));
      expect(copy.equals(readFileSync(`${original.directory}/${file}`))).toBe(true);
    },
  );
});
