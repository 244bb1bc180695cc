import { describe, expect, test } from "vitest";
import { resolvedPpo } from "../../../src/policy/estimate/run-work.ts";
import { deviationsOf, UNSTATED } from "../../../src/sentiment/deviations.ts";
import { SENTIMENT } from "../../../src/sentiment/experiment.ts";
import { studyRuns } from "../../../src/sentiment/grid.ts";
import { PAPER_PRESETS } from "../../../src/sentiment/paper/presets.ts";
import type { SentimentPreset } from "../../../src/sentiment/presets.ts";

const paper = PAPER_PRESETS["paper"] as SentimentPreset;
const { settings } = paper;

describe("sentiment/paper/presets", () => {
  test("the grid is the paper's, with 22 runs and the reference", () => {
    expect(settings.grid).toMatchObject({
      dpoBetas: [0.05, 0.1, 1, 5],
      unlikelihoodAlphas: [0.05, 0.1, 0.5, 1],
      targetKls: [3, 6, 9, 12],
    });
    const runs = studyRuns(settings).filter(({ method }) => method !== "sft");
    expect(runs).toHaveLength(22);
  });

  test("numbers that the paper states are the paper's", () => {
    const { preferences, direct, rewardModel, ppo, maxNewTokens } = settings;
    expect(preferences).toMatchObject({ prompts: 25_000, completions: 4 });
    expect(direct).toMatchObject({ batchSize: 64, warmupSteps: 150, evalEvery: 100 });
    expect(new Set(Object.values(direct.lr))).toEqual(new Set([1e-6]));
    expect(rewardModel.epochs).toBe(3);
    for (const kind of ["learned", "gold"] as const) {
      expect(resolvedPpo(ppo[kind], maxNewTokens).rollout.completions).toBe(1024);
      expect(ppo[kind].evalEvery).toBe(100);
    }
  });

  test("names choose the size of the model, and one run has the GPU for itself", async () => {
    for (const [preset, name] of [
      ["paper", "gpt2-large"],
      ["paper-gpt2-medium", "gpt2-medium"],
      ["paper-gpt2", "gpt2"],
    ] as const) {
      const { stages, jobs } = await SENTIMENT.plan(preset, { seeds: null, data: null });
      const model = stages.find(({ id }) => id === "pretrained");
      expect(model?.config).toEqual({ name: `openai-community/${name}` });
      expect(jobs).toBe(1);
      // What may be missing shows before anything is computed.
      expect(stages[0]?.id).toBe("gold-reward");
      expect(stages.find(({ id }) => id === "reviews")?.config).toEqual({
        data: "stanfordnlp/imdb",
      });
    }
  });

  test("presets of PPO are what the library calls the paper's and TRL's", () => {
    const { learned, gold, untuned } = settings.ppo;
    expect(gold).toEqual(learned);
    const of = (preset: string) =>
      resolvedPpo({ ...learned, settings: { preset } }, settings.maxNewTokens);
    expect(resolvedPpo(learned, settings.maxNewTokens)).toEqual(of("paper"));
    expect(resolvedPpo(untuned, settings.maxNewTokens)).toEqual(of("trl-classic"));
  });

  test("all that the paper leaves open is among the deviations, each item once", () => {
    for (const preset of Object.values(PAPER_PRESETS)) {
      const own = preset.source("package.json").deviations.map(({ item }) => item);
      expect(new Set(own).size).toBe(own.length);
      const common = deviationsOf("paper", preset.settings).map(({ item }) => item);
      expect([...own, ...common]).toEqual(expect.arrayContaining([...UNSTATED]));
      // What the common table calls the budget of a small machine has other reasons here.
      const left = common.filter((item) => !own.includes(item));
      expect(left).toEqual(["ties", "sampling temperature", "runs"]);
    }
  });
});
