import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveModel } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadRewardModel, saveRewardModel } from "../../src/io/reward-folder.ts";
import { ROTARY, SCORING, tinyParameters } from "../tiny.ts";

let folder: string;
beforeAll(() => tf.setBackend("cpu"));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "preflab-reward-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("io/reward-folder", () => {
  test("a reward model is saved, loaded, and the same again", async () => {
    const params = tinyParameters(SCORING);
    const normalization = { gain: 0.1 + 0.2, bias: -3.25 };
    await saveRewardModel(folder, { config: SCORING, params, normalization });
    const again = await loadRewardModel(folder);
    expect(again.normalization).toEqual(normalization);
    expect(again.config).toEqual(SCORING);
    for (const [name, tensor] of Object.entries(params)) {
      expect(again.params[name]?.dataSync()).toEqual(tensor.dataSync());
    }
    tf.dispose([Object.values(params), Object.values(again.params)]);
  });

  test("without a normalisation scores stay as they are; a damaged one is an error", async () => {
    const params = tinyParameters(SCORING);
    await saveModel(folder, { config: SCORING, params });
    const again = await loadRewardModel(folder);
    expect(again.normalization).toEqual({ gain: 1, bias: 0 });
    for (const damaged of ["{", "[]", '{"gain": 1}', '{"gain": 1, "bias": "2"}', "null"]) {
      writeFileSync(join(folder, "reward_normalization.json"), damaged);
      await expect(loadRewardModel(folder), damaged).rejects.toThrow("numbers gain and bias");
    }
    tf.dispose([Object.values(params), Object.values(again.params)]);
  });

  test("a language model is no reward model", async () => {
    const params = tinyParameters(ROTARY);
    await saveModel(folder, { config: ROTARY, params });
    const before = tf.memory().numTensors;
    await expect(loadRewardModel(folder)).rejects.toThrow("one label, got a language model");
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(Object.values(params));
  });
});
