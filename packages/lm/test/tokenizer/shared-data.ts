/**
 * Tokenizer files of published models, which may not be in this repository: looked for in
 * `../shared/data` beside it or in `$PREFLAB_SHARED/data`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  llama3Files,
  parseSentencePiece,
  sentencePieceFiles,
  Tokenizer,
  type TokenizerFiles,
} from "@preflab/lm";
import { describeUnless } from "@preflab/testing";

const SHARED =
  process.env["PREFLAB_SHARED"] ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** Absolute path of a shared file. */
export function sharedPath(path: string): string {
  return join(SHARED, "data", path);
}

/** `describe` for tests that need shared files; without them one skipped test that says so. */
export function describeWithData(paths: readonly string[], name: string, body: () => void): void {
  const missing = paths.find((path) => !existsSync(sharedPath(path)));
  const where = "in ../shared/data or $PREFLAB_SHARED/data";
  describeUnless(missing === undefined ? undefined : `no ${missing} ${where}`, name, body);
}

/** Where each published tokenizer's file lies. */
export const PUBLISHED = {
  gpt2: "tokenizers/gpt2/tokenizer.gpt-neox-tests.json",
  neox: "tokenizers/neox/20B_tokenizer.json",
  llama2: "tokenizers/llama2/tokenizer.model",
  llama3: "tokenizers/llama3/tokenizer.model",
} as const;

/** One of the published tokenizers. */
export type PublishedName = keyof typeof PUBLISHED;

/** Files of a published tokenizer, converted where its file is not a tokenizer.json. */
export function publishedFiles(name: PublishedName): TokenizerFiles {
  const file = readFileSync(sharedPath(PUBLISHED[name]));
  if (name === "llama2") return sentencePieceFiles(parseSentencePiece(file));
  if (name === "llama3") return llama3Files(file.toString("latin1"), "3");
  const end = "<|endoftext|>";
  return {
    tokenizer: JSON.parse(file.toString("utf8")),
    config: { bos_token: end, eos_token: end },
  };
}

/** The tokenizer of both files, after a round trip through JSON as they would have on disk. */
export function tokenizerOf(files: { tokenizer: unknown; config: unknown }): Tokenizer {
  return new Tokenizer(
    JSON.parse(JSON.stringify(files.tokenizer)),
    JSON.parse(JSON.stringify(files.config)),
  );
}
