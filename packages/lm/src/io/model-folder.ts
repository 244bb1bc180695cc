/**
 * Model folders as Hugging Face transformers writes and reads them: config.json, weights,
 * generation_config.json and the files of a tokenizer. A GGUF file stands for a folder, too.
 */
import { access, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { FloatDtype } from "../checkpoint/dtype.ts";
import type { MetadataValue } from "../checkpoint/gguf/reader.ts";
import { type JsonObject, parseJsonObject } from "../checkpoint/json.ts";
import { checkCounts, type ParameterValues, readParameters } from "../checkpoint/load.ts";
import { planShards } from "../checkpoint/pack.ts";
import { storedTypes } from "../checkpoint/source.ts";
import { type ModelConfig, parseConfig, toHuggingFace } from "../config.ts";
import { checkParameters } from "../params.ts";
import type { TokenizerFiles } from "../tokenizer/json.ts";
import type { Params } from "../types.ts";
import { writeAtomically, writeTextAtomically } from "./atomic-file.ts";
import { readSmallFile } from "./file-bytes.ts";
import { openGguf } from "./gguf-file.ts";
import { openWeights, writeShards } from "./safetensors-file.ts";

/** Files that make up a tokenizer, copied as they are. */
const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "chat_template.jinja",
  "chat_template.json",
];

/** `torch_dtype` of a file. */
const TORCH_DTYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/** Default of transformers for the size of a file. */
const MAX_SHARD_BYTES = 5e9;

/** What a folder or file says of a model beside its weights. */
export interface ModelDescription {
  readonly config: ModelConfig;
  /** Contents of generation_config.json, where there is one. */
  readonly generationConfig: JsonObject | null;
  /** Metadata of a GGUF file, of which `ggufTokenizerFiles` makes a tokenizer; null of a folder. */
  readonly ggufMetadata: Readonly<Record<string, MetadataValue>> | null;
}

/** A model whose weights have not been read yet. */
export interface OpenModel extends ModelDescription {
  /** Elements of the weights per type that they are stored in, such as `{ BF16: 1100048384 }`. */
  readonly storedTypes: Readonly<Record<string, number>>;
  /** Reads the parameters, in the order of the forward pass. */
  parameters(): AsyncGenerator<ParameterValues>;
  close(): Promise<void>;
}

/** A model in memory. */
export interface LoadedModel extends ModelDescription {
  /** The caller disposes them. */
  readonly params: Params;
}

/** What {@link saveModel} writes. */
export interface SavedModel {
  readonly config: ModelConfig;
  readonly params: Params;
  /** Contents of generation_config.json; made from the special ids of the config if missing. */
  readonly generationConfig?: JsonObject | null;
  /** A folder whose tokenizer files are copied, or the files themselves. */
  readonly tokenizer?: string | TokenizerFiles;
  /** Type of the stored weights; F32 if missing, narrower ones round to nearest. */
  readonly dtype?: FloatDtype;
  /** Bytes of weights per file, 5e9 if missing; more makes several files with an index. */
  readonly maxShardBytes?: number;
}

/**
 * Opens a model folder or GGUF file: reads and checks everything but the elements of the weights.
 *
 * @throws CheckpointError when files are missing, damaged or of an unsupported kind.
 */
export async function openModel(path: string): Promise<OpenModel> {
  if (path.endsWith(".gguf")) {
    const { metadata, ...model } = await openGguf(path);
    return { ...model, generationConfig: null, ggufMetadata: metadata };
  }
  const config = parseConfig(await readJson(join(path, "config.json")));
  const generationFile = join(path, "generation_config.json");
  const generationConfig = (await exists(generationFile)) ? await readJson(generationFile) : null;
  const weights = await openWeights(path);
  try {
    checkCounts(config, weights.names().length);
  } catch (error) {
    await weights.close();
    throw error;
  }
  return {
    config,
    generationConfig,
    ggufMetadata: null,
    storedTypes: storedTypes(weights),
    parameters: () => readParameters(config, weights),
    close: () => weights.close(),
  };
}

/**
 * Loads a model folder or GGUF file as float32 tensors. Takes the memory of the result and of one
 * stored tensor at a time.
 *
 * @throws CheckpointError when files are missing, damaged or of an unsupported kind.
 */
export async function loadModel(path: string): Promise<LoadedModel> {
  const model = await openModel(path);
  const params: Record<string, Tensor> = {};
  try {
    for await (const { name, shape, values } of model.parameters()) {
      params[name] = tensor(values, [...shape], "float32");
    }
  } catch (error) {
    for (const parameter of Object.values(params)) parameter.dispose();
    throw error;
  } finally {
    await model.close();
  }
  const { config, generationConfig, ggufMetadata } = model;
  return { config, generationConfig, ggufMetadata, params };
}

/**
 * Writes a folder that `AutoModelForCausalLM.from_pretrained` of transformers reads, or
 * `AutoModelForSequenceClassification` where the config has labels. Every file is
 * replaced atomically; config.json comes last, so that a first save that was cut off is no model.
 *
 * @throws Error when the parameters do not fit the config.
 */
export async function saveModel(folder: string, model: SavedModel): Promise<void> {
  const { config, params, dtype = "F32", maxShardBytes = MAX_SHARD_BYTES } = model;
  checkParameters(config, params);
  await mkdir(folder, { recursive: true });
  await writeShards(folder, planShards(config, dtype, maxShardBytes), async (name) => {
    const values = await params[name]?.data<"float32">();
    return values ?? new Float32Array(); // checkParameters has made sure that it is there
  });
  if (model.tokenizer !== undefined) await writeTokenizer(model.tokenizer, folder);
  if (config.labels === undefined) {
    await writeJson(
      join(folder, "generation_config.json"),
      model.generationConfig ?? generationDefaults(config),
    );
  }
  await writeJson(join(folder, "config.json"), toHuggingFace(config, TORCH_DTYPES[dtype]));
}

/** Copies the files of a tokenizer that are there from a folder, or writes given ones. */
async function writeTokenizer(from: string | TokenizerFiles, to: string): Promise<void> {
  if (typeof from !== "string") {
    await writeJson(join(to, "tokenizer.json"), { ...from.tokenizer });
    await writeJson(join(to, "tokenizer_config.json"), { ...from.config });
    return;
  }
  if (resolve(from) === resolve(to)) return;
  for (const file of TOKENIZER_FILES) {
    if (!(await exists(join(from, file)))) continue;
    const bytes = await readSmallFile(join(from, file));
    await writeAtomically(join(to, file), (append) => append(bytes));
  }
}

function generationDefaults({ specialIds }: ModelConfig): JsonObject {
  const { bos, eos, pad } = specialIds;
  const ids = { bos_token_id: bos, eos_token_id: eos, pad_token_id: pad };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== null));
}

async function readJson(path: string): Promise<JsonObject> {
  return parseJsonObject(await readSmallFile(path), path);
}

async function writeJson(path: string, value: JsonObject): Promise<void> {
  await writeTextAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
