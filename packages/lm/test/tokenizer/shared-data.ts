/** Tokenizers of published models, which may not be in this repository. */
import { readFileSync } from "node:fs";
import {
  llama3Files,
  parseSentencePiece,
  sentencePieceFiles,
  Tokenizer,
  type TokenizerFiles,
} from "@preflab/lm";
import { sharedPath } from "@preflab/testing";

export { describeWithData, sharedPath } from "@preflab/testing";

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
