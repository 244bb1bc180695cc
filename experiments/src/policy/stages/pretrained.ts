/**
 * The stage that brings a published language model: fetched from the Hub, or made up in its place for
 * a trial of everything around it. Its weights stay in the Hub's cache; the stage keeps its name at a
 * commit, and a tokenizer whose special tokens are all named.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  downloadModel,
  initialParameters,
  type LoadedModel,
  loadModel,
  loadTokenizer,
  type ModelConfig,
  openModel,
  parameterShapes,
  parseConfig,
  type ResolvedModel,
  resolveModel,
  saveModel,
  saveTokenizer,
  Tokenizer,
  type TokenizerFiles,
  trainByteLevelBpe,
} from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { hubOptions } from "../../hub.ts";
import type { Stage, StageContext } from "../../study/experiment.ts";
import { writeJson } from "../../study/stage-training.ts";

/** Id of the stage. */
export const PRETRAINED = "pretrained";

const FILE = "pretrained.json";
/** Folder of a model that is made up. */
const MODEL = "model";
/** Of the embedding of GPT-NeoX, whose vocabulary has fewer tokens. */
const ROW_MULTIPLE = 64;

/** A model on the Hub. */
export interface HubModel {
  readonly kind: "hub";
  /** `ORG/NAME`, or with `@REVISION`. */
  readonly name: string;
}

/** GPT-2 or GPT-NeoX of any size with random weights, and a tokenizer of the task's texts. */
export interface RandomModel {
  readonly kind: "random";
  readonly family: "gpt2" | "gpt_neox";
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly positions: number;
  readonly vocabulary: number;
  readonly seed: number;
}

/** What pretrained.json says. */
export interface PretrainedFacts {
  /** `ORG/NAME@COMMIT`; null for the model in the stage's own folder. */
  readonly model: string | null;
  readonly layers: number;
  readonly width: number;
  readonly vocabulary: number;
}

/** The stage that fetches a model. */
export function hubModelStage({ name }: HubModel): Stage {
  return {
    id: PRETRAINED,
    title: name,
    config: { name },
    inputs: [],
    weight: 0.5,
    build: async (context) => {
      const { path, commit } = await fetched(name, context);
      await writeFacts(context.folder, path, commit === null ? name : withCommit(name, commit));
    },
  };
}

/**
 * The stage that makes a model up, in a folder as the Hub's.
 * @param texts that the tokenizer is learned from: id of a stage, and how to read its folder
 */
export function randomModelStage(
  model: RandomModel,
  texts: { readonly from: string; read(folder: string): Promise<readonly string[]> },
): Stage {
  return {
    id: PRETRAINED,
    title: "random model",
    config: { ...model },
    inputs: [texts.from],
    build: async ({ folder, input }) => {
      const files = trainByteLevelBpe(await texts.read(input(texts.from)), {
        vocabSize: model.vocabulary,
      });
      const path = join(folder, MODEL);
      await saveRandomModel(path, model, files);
      await writeFacts(folder, path, null);
    },
  };
}

/** What is known of the model of a finished stage. */
export async function readPretrainedFacts(folder: string): Promise<PretrainedFacts> {
  return JSON.parse(await readFile(join(folder, FILE), "utf8")) as PretrainedFacts;
}

/**
 * The model of a finished stage; the caller disposes its parameters. Rows of the embedding that no
 * token has, which Pythia pads it with, are left out: nothing that is sampled is without a text.
 * @throws CheckpointError
 */
export async function loadPretrained(folder: string): Promise<LoadedModel> {
  const { model } = await readPretrainedFacts(folder);
  const { path } = await resolveModel(model ?? join(folder, MODEL));
  const { vocabSize } = await loadTokenizer(folder);
  return withoutSpareRows(await loadModel(path), vocabSize);
}

/** What is in the cache already, else a download. */
async function fetched(name: string, { progress, signal }: StageContext): Promise<ResolvedModel> {
  const cached = await resolveModel(name).catch((error: unknown) => {
    if (error instanceof Error && error.name === "CheckpointError") return null;
    throw error;
  });
  return (
    cached ??
    (await downloadModel({
      ...{ repo: name, signal, ...hubOptions() },
      onProgress: ({ file, totalBytes, totalSize }) =>
        progress({ done: totalBytes, total: totalSize, note: file }),
    }))
  );
}

/** @param params of the model are disposed where they are replaced */
function withoutSpareRows({ config, params, ...rest }: LoadedModel, rows: number): LoadedModel {
  if (config.vocabSize <= rows) return { config, params, ...rest };
  const cut = { ...config, vocabSize: rows };
  const shapes = parameterShapes(cut);
  const kept = Object.entries(params).map(([name, tensor]) => {
    const shape = shapes[name] ?? tensor.shape;
    if (shape.join() === tensor.shape.join()) return [name, tensor] as const;
    const part = tf.slice(
      tensor,
      shape.map(() => 0),
      [...shape],
    );
    tensor.dispose();
    return [name, part] as const;
  });
  return { ...rest, config: cut, params: Object.fromEntries(kept) };
}

function withCommit(name: string, commit: string): string {
  return `${name.split("@")[0]}@${commit}`;
}

async function saveRandomModel(
  path: string,
  model: RandomModel,
  files: TokenizerFiles,
): Promise<void> {
  const config = randomConfig(model, new Tokenizer(files.tokenizer, files.config));
  const params = initialParameters(config, model.seed);
  try {
    await saveModel(path, { config, params, tokenizer: files });
  } finally {
    tf.dispose(params);
  }
}

/** GPT-NeoX is as Pythia: a quarter of each head rotates, and a few rows of the embedding are spare. */
function randomConfig(
  { family, layers, width, heads, positions }: RandomModel,
  { vocabSize, bosId, eosId }: Tokenizer,
): ModelConfig {
  const ends = { bos_token_id: bosId, eos_token_id: eosId };
  if (family === "gpt2") {
    return parseConfig({
      ...{ model_type: family, n_layer: layers, n_embd: width, n_head: heads },
      ...{ n_positions: positions, vocab_size: vocabSize, ...ends },
    });
  }
  return parseConfig({
    ...{ model_type: family, num_hidden_layers: layers, hidden_size: width },
    ...{ num_attention_heads: heads, intermediate_size: 4 * width, rotary_pct: 0.25 },
    max_position_embeddings: positions,
    vocab_size: ROW_MULTIPLE * Math.ceil((vocabSize + 1) / ROW_MULTIPLE),
    ...ends,
  });
}

/** Writes pretrained.json and the tokenizer. @param path of the model */
async function writeFacts(folder: string, path: string, model: string | null): Promise<void> {
  const { config, close } = await openModel(path);
  await close();
  const tokenizer = await loadTokenizer(path);
  await saveTokenizer(folder, withEnds(tokenizer, config));
  const { layers, width, vocabSize: vocabulary } = config;
  await writeJson(join(folder, FILE), { model, layers, width, vocabulary });
}

/** The files of a tokenizer, which for GPT-2 do not say what begins and ends texts: its config does. */
function withEnds(tokenizer: Tokenizer, { specialIds }: ModelConfig): TokenizerFiles {
  const { bos, eos } = specialIds;
  const end = typeof eos === "number" ? eos : (eos?.[0] ?? null);
  const { files, bosId, eosId } = tokenizer;
  return {
    ...files,
    config: {
      ...files.config,
      ...(bosId === null && bos !== null && { bos_token: tokenizer.tokenOf(bos) }),
      ...(eosId === null && end !== null && { eos_token: tokenizer.tokenOf(end) }),
    },
  };
}
