/** Reward functions on disk for tests: modules, and models with fresh weights. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { initialParameters, loadModel, parseConfig } from "@preflab/lm";
import { saveRewardModel, withScoreHead } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { dispose } from "@tensorflow/tfjs-core";
import { modelPath, temporaryFolder } from "./fixtures.ts";

/** A module with the given source, for the running test. */
export function moduleFile(source: string): string {
  const path = join(temporaryFolder(), "reward.mjs");
  writeFileSync(path, source);
  return path;
}

/** A reward model on the trunk of a golden model, with the backend ort. */
export async function scoringTrunk(name: string): Promise<string> {
  await selectBackend("ort");
  const folder = temporaryFolder();
  const { config, params } = await loadModel(modelPath(name));
  const made = withScoreHead(config, params, { seed: 7, deviation: 0.5 });
  await saveRewardModel(folder, { ...made, normalization: { gain: 2, bias: 1 } });
  dispose([{ ...params }, { ...made.params }]);
  return folder;
}

/**
 * A model like a golden one that scores texts, with fresh weights and the backend ort.
 * @param settings changes its config.json
 * @param tokenizer folder whose tokenizer it gets
 */
export async function scoringModel(
  name: string,
  labels: number,
  settings: Readonly<Record<string, unknown>> = {},
  tokenizer?: string,
): Promise<string> {
  await selectBackend("ort");
  const folder = temporaryFolder();
  const stored = JSON.parse(readFileSync(join(modelPath(name), "config.json"), "utf8")) as object;
  const config = { ...parseConfig({ ...stored, ...settings }), labels };
  const params = initialParameters(config, 7);
  await saveRewardModel(folder, { config, params, normalization: { gain: 2, bias: 1 } });
  dispose({ ...params });
  const file = tokenizer && join(tokenizer, "tokenizer.json");
  if (file && existsSync(file)) cpSync(file, join(folder, "tokenizer.json"));
  return folder;
}
