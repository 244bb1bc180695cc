/** What a model folder or GGUF file holds, told without reading its weights. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { countParameters, type ModelConfig, openModel, resolveModel } from "@preflab/lm";
import { ModelTokenizer } from "./model.ts";
import { modelPlace } from "./model-place.ts";

/** A file of a model. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
}

/** A description for people and for JSON. */
export interface ModelInfo {
  /** Architecture, sizes and special ids. */
  readonly config: ModelConfig;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Stored numbers per type, buffers and tied copies included. */
  readonly storedTypes: Readonly<Record<string, number>>;
  readonly files: readonly ModelFile[];
  /** Null where there is none that can be used; then `tokenizerProblem` says why. */
  readonly tokenizer: TokenizerInfo | null;
  readonly tokenizerProblem: string | null;
  readonly memory: MemoryInfo;
}

/** What texts become. */
export interface TokenizerInfo {
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly padId: number | null;
  readonly hasChatTemplate: boolean;
  readonly warnings: readonly string[];
}

/** Estimates for float32, bytes. Activations come on top. */
export interface MemoryInfo {
  readonly weights: number;
  /** Weights, gradients and the two moments of Adam. */
  readonly adam: number;
  /** Keys and values of one token in generation. */
  readonly cachePerToken: number;
}

const FLOAT_BYTES = 4;

/**
 * Describes a model folder, a GGUF file or a downloaded model.
 * @param name a path, or `ORG/NAME` of a downloaded model
 * @throws CheckpointError when it is none
 */
export async function describeModel(name: string): Promise<ModelInfo> {
  const { path } = await resolveModel(await modelPlace(name));
  const { config, storedTypes, close } = await openModel(path);
  await close();
  const parameters = countParameters(config);
  const { found, problem } = await ModelTokenizer.load(path);
  return {
    config,
    parameters,
    storedTypes,
    files: await filesOf(path),
    tokenizer: found && {
      vocabSize: found.vocabSize,
      bosId: found.bosId,
      eosId: found.eosId,
      padId: found.padId,
      hasChatTemplate: (found.files.config.chat_template ?? null) !== null,
      warnings: found.warnings,
    },
    tokenizerProblem: found ? null : problem,
    memory: {
      weights: FLOAT_BYTES * parameters,
      adam: 4 * FLOAT_BYTES * parameters,
      cachePerToken: FLOAT_BYTES * 2 * config.layers * config.kvHeads * config.headWidth,
    },
  };
}

/** The files of a folder, or the one file, with their sizes. */
async function filesOf(path: string): Promise<ModelFile[]> {
  const isFile = (await stat(path)).isFile();
  const folder = isFile ? dirname(path) : path;
  const names = isFile ? [basename(path)] : (await readdir(path)).sort();
  const files: ModelFile[] = [];
  for (const name of names) {
    const stats = await stat(join(folder, name));
    if (stats.isFile()) files.push({ name, bytes: stats.size });
  }
  return files;
}
