import { describe, expect, test } from "vitest";
import { parsePpoConfig } from "../../src/ppo/config.ts";
import { PRESET_NAMES, PRESETS } from "../../src/ppo/presets.ts";

const MINIMAL = { maxSteps: 10, rollout: { maxNewTokens: 8 } };

describe("ppo/config", () => {
  test.each(PRESET_NAMES)("%s alone gives its settings", (preset) => {
    const { settings } = PRESETS[preset];
    const config = parsePpoConfig({ ...MINIMAL, preset });
    expect(config).toMatchObject({
      ...settings,
      rollout: { ...settings.rollout, maxNewTokens: 8 },
      preset,
      maxSteps: 10,
    });
  });

  test("the default preset is n-details, and needs the length of the run alone", () => {
    expect(parsePpoConfig({ maxSteps: 1 })).toMatchObject(PRESETS["n-details"].settings);
  });

  test("settings change what a preset says, and nothing else", () => {
    const config = parsePpoConfig({
      preset: "trl-classic",
      maxSteps: 3,
      rollout: { maxNewTokens: 8, completions: 32 },
      kl: { target: "none" },
      update: { minibatches: 4, clipRange: { high: 0.28 }, stopKl: 0.02 },
      score: { clip: 5, unfinished: { mode: "subtract", value: 1 } },
    });
    expect(config.kl).toMatchObject({ initial: 0.2, target: null });
    expect(config.update).toMatchObject({
      epochs: 4,
      clipRange: { low: 0.2, high: 0.28 },
      stopKl: 0.02,
    });
    expect(config.score).toMatchObject({ scale: "none", clip: 5 });
    expect(parsePpoConfig({ ...MINIMAL, update: { clipRange: 0.1 } }).update.clipRange).toEqual({
      low: 0.1,
      high: 0.1,
    });
  });

  test.each([
    [{ preset: "trl" }, "preset to be one of lm-human-preferences, n-details"],
    [{ steps: 3 }, "got steps"],
    [
      { kl: { coef: 3 } },
      "ppo.kl: expected settings estimator, initial, target, horizon, got coef",
    ],
    [{ kl: { target: -1 } }, "target"],
    [{ update: { clipRange: { up: 1 } } }, "got up"],
    [{ maxSteps: 0 }, "maxSteps"],
    [{ rollout: { temperature: 0 } }, "temperature"],
    [{ preset: "trl-classic", rollout: {} }, "maxNewTokens to be an integer from 1"],
    [{ update: { minibatches: 3 } }, "update.minibatches to divide the 512 completions"],
    [{ rollout: { maxNewTokens: 8, samplesPerPrompt: 5 } }, "rollout.samplesPerPrompt to divide"],
    [{ kl: { horizon: 100 } }, "kl.horizon above a fifth"],
    [{ advantages: { whiten: "none" } }, "advantages.whiten batch or minibatch"],
    [{ value: { start: "reward" } }, "value.start policy"],
    [{ optimizer: { eps: -1 } }, "eps"],
  ])("%j is an error", (changes, message) => {
    expect(() => parsePpoConfig({ ...MINIMAL, ...changes })).toThrow(message);
  });
});
