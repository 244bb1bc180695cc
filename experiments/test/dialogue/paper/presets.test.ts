import { describe, expect, test } from "vitest";
import { deviationsOf } from "../../../src/dialogue/deviations.ts";
import { DIALOGUE } from "../../../src/dialogue/experiment.ts";
import { REFERENCE_RUN, trainedRuns } from "../../../src/dialogue/grid.ts";
import { PAPER_PRESETS } from "../../../src/dialogue/paper/presets.ts";
import { resolvedPpo } from "../../../src/policy/estimate/run-work.ts";
import { allRuns } from "../../../src/policy/experiment.ts";
import type { PretrainedBackbone } from "../../../src/policy/settings.ts";

const SIZES = {
  paper: "pythia-2.8b",
  "paper-pythia-1.4b": "pythia-1.4b",
  "paper-pythia-410m": "pythia-410m",
  "pythia-70m": "pythia-70m",
};

function presetOf(name: string) {
  const preset = PAPER_PRESETS[name];
  if (!preset) throw new Error(`expected a preset ${name}`);
  return preset;
}

describe("dialogue/paper/presets", () => {
  const { settings } = presetOf("paper");

  test("numbers that the paper states are the paper's", () => {
    const { direct, grid, comparison, pool } = settings;
    expect(direct).toMatchObject({ batchSize: 64, warmupSteps: 150, lr: { dpo: 1e-6 } });
    expect(grid.dpoBetas).toEqual([0.1]);
    expect(comparison).toMatchObject({ temperatures: [0.25, 0.7, 1], bestOf: 128 });
    expect(pool.ns).toEqual([1, 4, 16, 64, 128]);
    // What it fine-tunes on chosen replies is the model as published.
    expect((settings.backbone as PretrainedBackbone).epochs).toBe(0);
  });

  test("DPO, PPO by the learned reward, the base and the reference are run, and no PPO on the gold one", () => {
    const runs = allRuns({ trainedRuns, referenceRun: REFERENCE_RUN }, settings);
    expect(runs.map(({ method }) => method)).toEqual(["dpo", "ppo", "backbone", "sft"]);
  });

  test("names choose the size of the model, and one run has the GPU for itself", async () => {
    for (const [preset, name] of Object.entries(SIZES)) {
      const { stages, jobs } = await DIALOGUE.plan(preset, { seeds: null, data: null });
      const stage = (id: string) => stages.find((candidate) => candidate.id === id);
      expect(stage("pretrained")?.config).toEqual({ name: `EleutherAI/${name}` });
      expect(stage("dialogues")?.config).toMatchObject({ data: "Anthropic/hh-rlhf" });
      expect(stage("tokenizer")?.inputs).toEqual(["pretrained"]);
      // What may be missing shows before anything is computed.
      expect(stages.slice(0, 2).map(({ id }) => id)).toEqual(["dialogues", "endpoint-judge"]);
      expect(jobs).toBe(1);
    }
  });

  test("nothing that has never been run looks as if it had", () => {
    for (const name of Object.keys(SIZES)) {
      expect(presetOf(name).summary).toContain("never run at this size");
    }
    expect(presetOf("paper-dry-run").summary).not.toContain("never run");
  });

  test("prompts with their replies fit, batches can be cut, and PPO's settings are whole", () => {
    for (const preset of Object.values(PAPER_PRESETS)) {
      const { backbone, maxNewTokens, direct, preferredFt, rewardModel, ppo } = preset.settings;
      const { limits } = (
        preset.source("package.json").config as {
          base: { settings: { limits: Record<string, number> } };
        }
      ).base.settings;
      expect(limits).toMatchObject({ pair: backbone.maxLength, reply: maxNewTokens });
      expect((limits["prompt"] ?? Number.NaN) + maxNewTokens).toBeLessThanOrEqual(
        backbone.maxLength,
      );
      for (const { batchSize, microBatches = 1 } of [direct, preferredFt, rewardModel]) {
        expect(batchSize % microBatches).toBe(0);
      }
      const { rollout, kl } = resolvedPpo(ppo.learned, maxNewTokens);
      expect(rollout.maxNewTokens).toBe(maxNewTokens);
      expect(kl.target).not.toBeNull();
    }
  });

  test("items of deviations are there once, with reasons of this setting", () => {
    for (const preset of Object.values(PAPER_PRESETS)) {
      const own = preset.source("package.json").deviations;
      const items = own.map(({ item }) => item);
      expect(new Set(items).size).toBe(items.length);
      const left = deviationsOf("paper", preset.settings)
        .map(({ item }) => item)
        .filter((item) => !items.includes(item));
      expect(left).toEqual([]);
      expect(own.filter(({ why }) => /small machine/.test(why))).toEqual([]);
    }
  });
});
