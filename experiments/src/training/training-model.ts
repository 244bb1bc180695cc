/** The model that a training starts from: described first, its weights read when all else is well. */
import { dirname } from "node:path";
import {
  ConfigError,
  initialParameters,
  type LoadedModel,
  loadModel,
  type ModelConfig,
  openModel,
  type Params,
  resolveModel,
  type SavedModel,
} from "@preflab/lm";
import { ModelTokenizer } from "../inference/model.ts";
import { type Fingerprint, fingerprintOfModel } from "./fingerprint.ts";
import { freshConfig, type ModelSettings } from "./model-settings.ts";

/** A model whose weights have not been read yet. */
export interface TrainingModel {
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  /** What a trained model takes from it when it is saved. */
  readonly inherited: Pick<SavedModel, "tokenizer" | "generationConfig">;
  /** Hash of its files; null of a fresh model, which settings and seed determine. */
  readonly fingerprint: Fingerprint | null;
  /** Name or path, for files that refer to it. */
  readonly name: string;
  /** Reads or draws the weights, which the caller disposes. */
  weights(): Promise<Params>;
}

/**
 * Opens the model of the settings.
 * @param seed of fresh weights
 * @throws CheckpointError when there is none, or it cannot be used
 */
export async function openTrainingModel(
  settings: ModelSettings,
  seed: number,
): Promise<TrainingModel> {
  return typeof settings === "string" ? savedModel(settings) : freshModel(settings, seed);
}

/**
 * Checks that a language model can be used beside the one in training.
 * @param maxLength tokens of texts
 * @param path keys of its setting
 * @throws ConfigError
 */
export function checkReference(
  { config: { vocabSize, position, maxPositions, labels } }: TrainingModel,
  { config }: TrainingModel,
  maxLength: number,
  path: readonly string[],
): void {
  const expected =
    labels !== undefined
      ? `a language model, got a model of ${labels} labels`
      : vocabSize !== config.vocabSize
        ? `a vocabulary of ${config.vocabSize} tokens, as the model has, got ${vocabSize}`
        : position.kind === "learned" && maxPositions < maxLength
          ? `at least maxLength ${maxLength} positions, got ${maxPositions}`
          : null;
  if (expected !== null) throw new ConfigError(`${path.join(".")}: expected ${expected}.`, path);
}

async function savedModel(name: string): Promise<TrainingModel> {
  const { path } = await resolveModel(name);
  const { config: stored, generationConfig, close } = await openModel(path);
  await close();
  const tokenizer = await ModelTokenizer.load(path);
  const config = withSpecialIds(stored, tokenizer);
  const isFile = path.endsWith(".gguf");
  const files = isFile ? tokenizer.found?.files : path;
  return {
    config,
    tokenizer,
    inherited: {
      generationConfig: generationConfig && withEndOfText(generationConfig, config),
      ...(files !== undefined && { tokenizer: files }),
    },
    fingerprint: await fingerprintOfModel(path),
    name: isFile ? dirname(path) : path,
    weights: async () => {
      const { params }: LoadedModel = await loadModel(path);
      return params;
    },
  };
}

async function freshModel(
  settings: Exclude<ModelSettings, string>,
  seed: number,
): Promise<TrainingModel> {
  const { tokenizer: folder } = settings;
  const tokenizer =
    folder === null
      ? ModelTokenizer.missing("Name a folder that has one in model.tokenizer, or use rows of ids.")
      : await ModelTokenizer.load(folder);
  if (folder !== null) tokenizer.require("model.tokenizer");
  const config = withSpecialIds(freshConfig(settings), tokenizer);
  return {
    config,
    tokenizer,
    inherited: folder === null ? {} : { tokenizer: folder },
    fingerprint: null,
    name: "random",
    weights: async () => initialParameters(config, seed),
  };
}

/**
 * The special ids of the tokenizer where the config has none: texts are trained to end with the
 * tokenizer's end of text, and whoever generates reads the config.
 */
function withSpecialIds(config: ModelConfig, { found }: ModelTokenizer): ModelConfig {
  if (!found) return config;
  const { bos, eos, pad } = config.specialIds;
  const specialIds = {
    bos: bos ?? found.bosId,
    eos: eos ?? found.eosId,
    pad: pad ?? found.padId,
  };
  return { ...config, specialIds };
}

function withEndOfText(
  generationConfig: NonNullable<SavedModel["generationConfig"]>,
  { specialIds: { eos } }: ModelConfig,
): NonNullable<SavedModel["generationConfig"]> {
  const isKnown = (generationConfig["eos_token_id"] ?? null) !== null;
  return isKnown || eos === null ? generationConfig : { ...generationConfig, eos_token_id: eos };
}
