/**
 * Tokenizers on disk: the folders that Hugging Face libraries write, older ones without a
 * tokenizer.json, Meta's with a tokenizer.model only, and GGUF files. Conversion is in
 * ../tokenizer.
 */
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import { GgufSource } from "../checkpoint/gguf/gguf-source.ts";
import { type JsonObject, parseJsonObject } from "../checkpoint/json.ts";
import { gpt2Files } from "../tokenizer/byte-level-bpe.ts";
import { ggufTokenizerFiles } from "../tokenizer/gguf-vocabulary.ts";
import {
  parseTokenizerJson,
  type TokenizerConfigJson,
  type TokenizerFiles,
} from "../tokenizer/json.ts";
import { sentencePieceFiles } from "../tokenizer/sentencepiece.ts";
import { parseSentencePiece } from "../tokenizer/sentencepiece-model.ts";
import { llama3Files, looksLikeTiktoken } from "../tokenizer/tiktoken.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import { writeTextAtomically } from "./atomic-file.ts";
import { FileBytes, readSmallFile } from "./file-bytes.ts";

/** Keys of special_tokens_map.json that count where tokenizer_config.json lacks them. */
const ROLES = ["bos_token", "eos_token", "pad_token", "unk_token", "additional_special_tokens"];

/** So many bytes show which kind a tokenizer.model is of. */
const BEGINNING = 256;

/**
 * Loads the tokenizer of a model folder or GGUF file.
 *
 * @throws CheckpointError when no tokenizer is there or a file is damaged; Error when a part of the
 *   tokenizer is not supported.
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const { tokenizer, config } = path.endsWith(".gguf")
    ? ggufTokenizerFiles(await ggufMetadata(path))
    : await readFiles(path);
  return new Tokenizer(tokenizer, config);
}

/** Writes tokenizer.json and tokenizer_config.json into a folder, each atomically. */
export async function saveTokenizer(folder: string, files: TokenizerFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeTextAtomically(join(folder, "tokenizer.json"), JSON.stringify(files.tokenizer));
  const config = JSON.stringify(files.config, null, 2);
  await writeTextAtomically(join(folder, "tokenizer_config.json"), `${config}\n`);
}

async function readFiles(folder: string): Promise<TokenizerFiles> {
  const config = await readConfig(folder);
  const json = await readJson(folder, "tokenizer.json");
  if (json !== null) return { tokenizer: parseTokenizerJson(json), config };
  const vocab = await readJson(folder, "vocab.json");
  const merges = await readBytes(folder, "merges.txt");
  if (vocab !== null && merges !== null) {
    return gpt2Files(vocab, textOf(merges), await withAddedTokens(folder, config));
  }
  const model = await readBytes(folder, "tokenizer.model");
  if (model !== null) return convertModel(model, config);
  throw new CheckpointError(
    `${folder}: expected tokenizer.json, tokenizer.model or vocab.json with merges.txt, got none ` +
      "of them. Copy them from the model that this one comes from.",
  );
}

/** What a tokenizer.model says, under what tokenizer_config.json says. */
function convertModel(model: Uint8Array, config: TokenizerConfigJson): TokenizerFiles {
  const tiktoken = looksLikeTiktoken(latin1(model.subarray(0, BEGINNING)));
  // The ids are the same in both versions; only the later one has these names.
  const later = JSON.stringify(config).includes("<|eom_id|>");
  const files = tiktoken
    ? llama3Files(latin1(model), later ? "3.1" : "3")
    : sentencePieceFiles(parseSentencePiece(model));
  // The class named there would build a tokenizer of its own rather than read the file.
  const { tokenizer_class: _, ...rest } = config;
  return { tokenizer: files.tokenizer, config: { ...files.config, ...rest } };
}

/** tokenizer_config.json with what older and newer versions of transformers keep beside it. */
async function readConfig(folder: string): Promise<TokenizerConfigJson> {
  const config = (await readJson(folder, "tokenizer_config.json")) ?? {};
  const map = (await readJson(folder, "special_tokens_map.json")) ?? {};
  const roles = ROLES.filter((role) => (config[role] ?? null) === null && role in map);
  const template = await readBytes(folder, "chat_template.jinja");
  return {
    ...config,
    ...Object.fromEntries(roles.map((role) => [role, map[role]])),
    ...(template === null ? {} : { chat_template: textOf(template) }),
  };
}

/** The config with the tokens of added_tokens.json, which goes with vocab.json. */
async function withAddedTokens(
  folder: string,
  config: TokenizerConfigJson,
): Promise<TokenizerConfigJson> {
  const added = (await readJson(folder, "added_tokens.json")) ?? {};
  const entries = Object.entries(added).map(([content, id]) => [String(id), { content }]);
  return {
    ...config,
    added_tokens_decoder: { ...Object.fromEntries(entries), ...config.added_tokens_decoder },
  };
}

async function ggufMetadata(path: string): Promise<JsonObject> {
  const file = await FileBytes.open(path);
  try {
    return Object.fromEntries((await GgufSource.open(file)).metadata);
  } finally {
    await file.close();
  }
}

async function readJson(folder: string, name: string): Promise<JsonObject | null> {
  const bytes = await readBytes(folder, name);
  return bytes === null ? null : parseJsonObject(bytes, name);
}

async function readBytes(folder: string, name: string): Promise<Uint8Array | null> {
  const path = join(folder, name);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists ? readSmallFile(path) : null;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
