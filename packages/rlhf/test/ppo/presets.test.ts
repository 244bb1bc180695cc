import { describe, expect, test } from "vitest";
import { PRESET_NAMES, PRESETS } from "../../src/ppo/presets.ts";
import { expectSourced } from "../sourced.ts";

describe("ppo/presets", () => {
  test.each(PRESET_NAMES)("every number of %s has one source", (name) => {
    expectSourced(PRESETS[name]);
  });

  test("have the numbers that their sources are known for", () => {
    const of = (name: (typeof PRESET_NAMES)[number]) => PRESETS[name].settings;
    expect(of("lm-human-preferences")).toMatchObject({
      optimizer: { name: "adam_epsilon_hat", lr: 1e-5, eps: 1e-5, schedule: "linear" },
      rollout: { completions: 512, maxNewTokens: 24, temperature: 0.7 },
      kl: { initial: 0.15, target: 6, horizon: 10000 },
      advantages: { whitenRewards: true, variance: "population" },
      update: { epochs: 4, minibatches: 1, valueWeight: 0.1 },
    });
    expect(of("n-details")).toEqual(of("lm-human-preferences"));
    expect(of("trl-classic")).toMatchObject({
      optimizer: { lr: 1e-5, maxGradNorm: 0 },
      rollout: { completions: 256 },
      kl: { initial: 0.2, target: 6, horizon: 10000 },
      update: { epochs: 4, minibatches: 256, valueWeight: 0.1 },
    });
    expect(of("trl-1.10")).toMatchObject({
      optimizer: { lr: 3e-6, name: "adamw", schedule: "linear", maxGradNorm: 0 },
      rollout: { completions: 512, maxNewTokens: 53, temperature: 0.7 },
      kl: { initial: 0.05, target: null },
      update: { epochs: 4, minibatches: 1, valueWeight: 0.1 },
      value: { trunk: "separate", start: "reward" },
    });
    expect(of("paper")).toMatchObject({
      optimizer: { lr: 1.41e-5 },
      rollout: { completions: 1024, samplesPerPrompt: 4, temperature: 1 },
      score: { scale: "running", center: true },
      kl: { initial: 0.2, target: 6 },
    });
  });
});
