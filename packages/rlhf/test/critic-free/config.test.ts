import { describe, expect, test } from "vitest";
import { parseGrpoConfig, parseRlooConfig } from "../../src/critic-free/config.ts";
import { GRPO_PRESET_NAMES, GRPO_PRESETS, RLOO_DEFAULTS } from "../../src/critic-free/presets.ts";
import { expectSourced } from "../sourced.ts";

const MINIMAL = { maxSteps: 10, rollout: { maxNewTokens: 8 } };

describe("critic-free/presets", () => {
  test.each([
    ["rloo", RLOO_DEFAULTS],
    ...GRPO_PRESET_NAMES.map((name) => [name, GRPO_PRESETS[name]] as const),
  ] as const)("every number of %s has one source", (_, preset) => {
    expectSourced(preset);
  });

  test("have the numbers that their sources are known for", () => {
    expect(RLOO_DEFAULTS.settings).toMatchObject({
      optimizer: { lr: 1e-6 },
      rollout: { samplesPerPrompt: 2, temperature: 1 },
      kl: { estimator: "k1", initial: 0.05, target: null },
      update: { epochs: 1, clipRange: { low: 0.2, high: 0.2 } },
    });
    expect(GRPO_PRESETS["trl-1.10"].settings).toMatchObject({
      rollout: { samplesPerPrompt: 8 },
      kl: { weight: 0 },
      advantages: { scale: "group", variance: "bessel", eps: 1e-4 },
      update: { aggregation: "token_mean", clipRange: { low: 0.2, high: 0.2 } },
    });
    expect(GRPO_PRESETS.deepseekmath.settings).toMatchObject({
      optimizer: { lr: 1e-6 },
      rollout: { completions: 1024, samplesPerPrompt: 64 },
      kl: { weight: 0.04, loss: "k3" },
      update: { epochs: 1, aggregation: "sequence_mean" },
    });
  });
});

describe("critic-free/config", () => {
  test("without settings a run has the defaults", () => {
    expect(parseRlooConfig({ maxSteps: 1 })).toMatchObject(RLOO_DEFAULTS.settings);
    expect(parseGrpoConfig({ maxSteps: 1 })).toMatchObject(GRPO_PRESETS["trl-1.10"].settings);
  });

  test("settings change what a preset says, and nothing else", () => {
    const grpo = parseGrpoConfig({
      ...MINIMAL,
      preset: "deepseekmath",
      kl: { loss: "k2" },
      advantages: { scale: "none" },
      update: { aggregation: "constant", clipRange: { high: 0.28 }, stopKl: 0.1 },
    });
    const { settings } = GRPO_PRESETS.deepseekmath;
    expect(grpo).toMatchObject({
      optimizer: settings.optimizer,
      kl: { weight: 0.04, loss: "k2" },
      advantages: { ...settings.advantages, scale: "none" },
      update: {
        ...settings.update,
        ...{ aggregation: "constant", clipRange: { low: 0.2, high: 0.28 }, stopKl: 0.1 },
      },
      rollout: { ...settings.rollout, maxNewTokens: 8 },
    });
    const rloo = parseRlooConfig({
      ...MINIMAL,
      advantages: { whiten: true },
      kl: { target: 6, estimator: "exact" },
    });
    expect(rloo).toMatchObject({
      advantages: { whiten: true },
      kl: { initial: 0.05, target: 6, estimator: "exact" },
    });
  });

  test.each([
    [{ steps: 3 }, "rloo: expected settings"],
    [{ preset: "trl-1.10" }, "got preset"],
    [{ rollout: { samplesPerPrompt: 1 } }, "samplesPerPrompt to be an integer from 2"],
    [{ rollout: { samplesPerPrompt: 3 } }, "rloo: expected rollout.samplesPerPrompt to divide"],
    [{ update: { minibatches: 7 } }, "rloo: expected update.minibatches to divide"],
    [{ update: { aggregation: "token_mean" } }, "got aggregation"],
    [{ kl: { target: 6, horizon: 100 } }, "rloo: expected kl.horizon above a fifth"],
    [{ advantages: { gamma: 1 } }, "rloo.advantages: expected settings whiten, got gamma"],
  ])("RLOO: %j is an error", (changes, message) => {
    expect(() => parseRlooConfig({ maxSteps: 10, ...changes })).toThrow(message);
  });

  test.each([
    [{ preset: "paper" }, "preset to be one of trl-1.10, deepseekmath"],
    [{ preset: "deepseekmath", rollout: {} }, "maxNewTokens to be an integer from 1"],
    [{ rollout: { samplesPerPrompt: 1 } }, "samplesPerPrompt to be an integer from 2"],
    [{ kl: { target: 6 } }, "grpo.kl: expected settings weight, loss, got target"],
    [{ kl: { loss: "k1" } }, "loss to be one of k2, k3"],
    [{ kl: { weight: -1 } }, "weight"],
    [{ update: { aggregation: "mean" } }, "aggregation to be one of"],
    [{ advantages: { scale: "prompt" } }, "scale to be one of group, batch, none"],
    [{ update: { minibatches: 7 } }, "grpo: expected update.minibatches to divide"],
  ])("GRPO: %j is an error", (changes, message) => {
    expect(() => parseGrpoConfig({ maxSteps: 10, ...changes })).toThrow(message);
  });
});
