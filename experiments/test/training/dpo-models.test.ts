import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../../src/backend.ts";
import { parseConfigFile } from "../../src/training/config-file.ts";
import { readPreferences } from "../../src/training/dpo-data.ts";
import { openModels } from "../../src/training/dpo-models.ts";
import { readDpoSettings } from "../../src/training/dpo-settings.ts";
import { openTrainingModel } from "../../src/training/training-model.ts";
import { modelPath, rowsFile, temporaryFolder } from "../fixtures.ts";

const MODEL = modelPath("llama-gqa");
const QUIET = { err: () => {}, signal: new AbortController().signal };

beforeAll(async () => {
  await startBackend({ backend: "ort" }, { ...QUIET, input: process.stdin, out: () => {} });
});

/** Tensors in memory per parameter of the model, once models are open, and after they are freed. */
async function copies(settings: string, evaluates: boolean): Promise<readonly [number, number]> {
  const rows = [[3], [4], [5]].map((promptIds) => {
    return { promptIds, chosenIds: [6, 7], rejectedIds: [8] };
  });
  const text = `model: ${MODEL}\ndata: {train: ${rowsFile(rows)}}\nmaxSteps: 1\nmaxLength: 8\n`;
  const cache = `cache: ${join(temporaryFolder(), "cache")}\n`;
  const file = parseConfigFile("dpo.yaml", text + cache + settings, []);
  const dpo = file.read("dpo", readDpoSettings);
  const model = await openTrainingModel(MODEL, 0);
  const options = { kind: dpo.training.objective.kind, ...dpo, model };
  const train = await readPreferences(dpo.data.train, options, QUIET);
  const data = { train, held: evaluates ? train : null };
  const before = tf.memory().numTensors;
  const reference = dpo.reference === null ? null : await openTrainingModel(dpo.reference, 0);
  const models = await openModels({ settings: dpo, model, reference, lora: null, data }, QUIET);
  const parameters = Object.keys(models.trained.policy.variables).length;
  const open = (tf.memory().numTensors - before) / parameters;
  models.dispose();
  return [open, tf.memory().numTensors - before];
}

describe("training/dpo-models", () => {
  const own = `reference: ${MODEL}\n`;
  const live = "referenceLogps: live\n";
  test.each([
    ["the policy alone, once the reference was asked", "", false, 1],
    ["likewise when the reference is another model", own, false, 1],
    ["both while the divergence is measured", "", true, 2],
    ["the policy alone if it is not", "generation: {prompts: 0}", true, 1],
    ["both while the reference is asked with each batch", live, false, 2],
    ["both if the reference moves", `${live}referenceSync: {every: 2}`, false, 2],
    [
      "all three if one moves and the divergence is measured",
      `${live}referenceSync: {every: 2}`,
      true,
      3,
    ],
    ["the policy alone without a reference", "objective: {name: simpo}", true, 1],
    ["a named reference to measure from", `${own}objective: {name: simpo}`, true, 2],
  ])("holds %s", async (_, settings, evaluates, expected) => {
    expect(await copies(settings, evaluates)).toEqual([expected, 0]);
  });
});
