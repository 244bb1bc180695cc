/**
 * Reward models as folders that `AutoModelForSequenceClassification` of transformers reads, plus
 * reward_normalization.json with gain and bias, which transformers does not know.
 */

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CheckpointError,
  loadModel,
  type SavedModel,
  saveModel,
  writeTextAtomically,
} from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { NO_NORMALIZATION, type Normalization, type RewardModel } from "../reward/reward-model.ts";

const FILE = "reward_normalization.json";

/**
 * Writes a reward model. transformers finds the last token of a text by the config's padding id,
 * which therefore must not be one that texts end with.
 */
export async function saveRewardModel(
  folder: string,
  { normalization, ...model }: RewardModel & Pick<SavedModel, "tokenizer" | "dtype">,
): Promise<void> {
  // config.json, without which there is no model, comes last.
  await mkdir(folder, { recursive: true });
  await writeTextAtomically(join(folder, FILE), `${JSON.stringify(normalization, null, 2)}\n`);
  await saveModel(folder, model);
}

/**
 * Loads a reward model, whose parameters the caller disposes. Without a reward_normalization.json
 * scores are left as they are.
 * @throws CheckpointError when the folder holds no model of one label, or is damaged
 */
export async function loadRewardModel(folder: string): Promise<RewardModel> {
  const normalization = await readNormalization(join(folder, FILE));
  const { config, params } = await loadModel(folder);
  if (config.labels === 1) return { config, params, normalization };
  tf.dispose(Object.values(params));
  throw new CheckpointError(
    `${folder}: expected a model of one label, got ` +
      `${config.labels === undefined ? "a language model" : `${config.labels} labels`}. Train a ` +
      "reward model with preflab reward.",
  );
}

async function readNormalization(path: string): Promise<Normalization> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return NO_NORMALIZATION;
  const value = parse(text) as Partial<Normalization> | null;
  const { gain, bias } = value ?? {};
  if (Number.isFinite(gain) && Number.isFinite(bias)) {
    return { gain: gain as number, bias: bias as number };
  }
  throw new CheckpointError(
    `${path}: expected numbers gain and bias, got ${text.slice(0, 200)}. The file is damaged.`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
