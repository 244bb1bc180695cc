/**
 * Which files of a repository make up a causal language model, and whether a folder has them. The
 * same rule decides what is downloaded and what counts as complete.
 */
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError, listNames } from "../checkpoint/error.ts";
import { parseShardIndex } from "../checkpoint/shards.ts";
import { readSmallFile } from "./file-bytes.ts";

/** The weights in one file. */
const WEIGHTS = "model.safetensors";
/** Which of several files has which weights. */
export const WEIGHT_INDEX = "model.safetensors.index.json";

/** Everything but weights; of these only config.json must be there. */
const DESCRIPTION = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "chat_template.jinja",
];

const GGUF = /^[^/]+\.gguf$/;
/** A part of a GGUF file, which is of no use alone. */
const GGUF_PART = /-\d{5}-of-\d{5}\.gguf$/;

/**
 * The files to download first: all that is needed, save the shards that the index names.
 *
 * @param available paths in the repository
 * @param file the GGUF file that is wanted, or null
 * @throws CheckpointError when the repository has no weights of a known kind, or several GGUF files and none
 *   is named
 */
export function neededFiles(
  repo: string,
  available: readonly string[],
  file: string | null,
): string[] {
  const has = (path: string): boolean => available.includes(path);
  if (file !== null) {
    if (has(file)) return [file];
    throw new CheckpointError(
      `${repo}: expected a file ${file}, got none. The repository has ` +
        `${listNames(ggufFiles(available)) || "no GGUF files"}.`,
    );
  }
  const description = DESCRIPTION.filter(has);
  for (const weights of [WEIGHTS, WEIGHT_INDEX]) {
    if (has(weights) && has("config.json")) return [...description, weights];
  }
  const [first, ...others] = ggufFiles(available);
  if (first !== undefined) {
    if (others.length === 0) return [first];
    throw severalGguf(repo, [first, ...others]);
  }
  throw new CheckpointError(
    `${repo}: expected config.json with ${WEIGHTS}, or a GGUF file, got ` +
      `${listNames([...available]) || "an empty repository"}. Convert other formats with ` +
      "save_pretrained of Python transformers.",
  );
}

/** Paths of the shards that an index file names. @throws CheckpointError if it is damaged */
export async function shardsOf(indexFile: string): Promise<string[]> {
  return [...new Set(parseShardIndex(await readSmallFile(indexFile), WEIGHT_INDEX).values())];
}

/**
 * What `loadModel` is to be given for a folder: the folder, or the GGUF file in it.
 *
 * @param where the model's name, for messages
 * @param file the GGUF file that is wanted, or null
 * @throws CheckpointError naming the files that are missing and their folder
 */
export async function modelIn(folder: string, where: string, file: string | null): Promise<string> {
  if (file !== null) {
    if (await exists(join(folder, file))) return join(folder, file);
    throw incomplete(where, folder, [file]);
  }
  const missing = await missingFiles(folder);
  if (missing.length === 0) return folder;
  const hasWeights =
    (await exists(join(folder, WEIGHTS))) || (await exists(join(folder, WEIGHT_INDEX)));
  const [gguf, ...others] = hasWeights ? [] : ggufFiles(await readdir(folder));
  if (gguf === undefined) throw incomplete(where, folder, missing);
  if (others.length > 0) throw severalGguf(where, [gguf, ...others]);
  return join(folder, gguf);
}

/** Whether a path leads to something that is there. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function missingFiles(folder: string): Promise<string[]> {
  const lacks = async (file: string): Promise<boolean> => !(await exists(join(folder, file)));
  const missing = (await lacks("config.json")) ? ["config.json"] : [];
  if (!(await lacks(WEIGHTS))) return missing;
  if (await lacks(WEIGHT_INDEX)) return [...missing, WEIGHTS];
  for (const shard of await shardsOf(join(folder, WEIGHT_INDEX))) {
    if (await lacks(shard)) missing.push(shard);
  }
  return missing;
}

function ggufFiles(paths: readonly string[]): string[] {
  return paths.filter((path) => GGUF.test(path) && !GGUF_PART.test(path)).sort();
}

function severalGguf(where: string, files: readonly string[]): CheckpointError {
  return new CheckpointError(
    `${where}: expected one GGUF file, got ${listNames(files)}. Name one, as ` +
      `${where}/${files[0]}.`,
  );
}

function incomplete(where: string, folder: string, missing: readonly string[]): CheckpointError {
  return new CheckpointError(
    `${where}: expected a complete model, got none of ${listNames(missing)} in ${folder}. Put ` +
      "them there, or download the model anew, which fetches only what is missing.",
  );
}
