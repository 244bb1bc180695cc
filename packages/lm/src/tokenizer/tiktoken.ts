/**
 * Reads a tiktoken vocabulary (openai/tiktoken): a line for each token, its bytes in base64 and its
 * rank, which is its id and also the order of merging. Llama 3's `tokenizer.model` is one; its
 * special tokens are in no file, so they are listed here.
 */
import { bytesToCharacters } from "./byte-alphabet.ts";
import { byteLevelBpeFiles, specialToken } from "./byte-level-bpe.ts";
import type { TokenizerFiles } from "./json.ts";
import { mergesOf } from "./merges-of-vocabulary.ts";
import { LLAMA3_PATTERN } from "./patterns.ts";
import { templateFor } from "./post-processor.ts";

/** Llama 3 reserves this many ids after the vocabulary. */
const LLAMA3_SPECIAL_COUNT = 256;

/** Meanings that the reserved ids of Llama 3 were given, by place. */
const LLAMA3_SPECIAL: Readonly<Record<"3" | "3.1", Readonly<Record<number, string>>>> = {
  "3": {
    0: "<|begin_of_text|>",
    1: "<|end_of_text|>",
    6: "<|start_header_id|>",
    7: "<|end_header_id|>",
    9: "<|eot_id|>",
  },
  "3.1": {
    0: "<|begin_of_text|>",
    1: "<|end_of_text|>",
    4: "<|finetune_right_pad_id|>",
    6: "<|start_header_id|>",
    7: "<|end_header_id|>",
    8: "<|eom_id|>",
    9: "<|eot_id|>",
    10: "<|python_tag|>",
  },
};

/**
 * The files of a Llama 3 tokenizer.
 *
 * @param model the text of its tokenizer.model.
 * @param version which of its special tokens have names; the others are numbered in order. Version
 *   3.1, also right for 3.2 and 3.3, has a padding token.
 * @throws if the file is malformed.
 */
export function llama3Files(model: string, version: "3" | "3.1"): TokenizerFiles {
  const ranked = parseTiktoken(model);
  const ids = new Map(ranked.map((token, id) => [token, id]));
  const names = llama3SpecialTokens(version);
  const [begin = "", end = ""] = names;
  const pad = LLAMA3_SPECIAL[version][4];
  return byteLevelBpeFiles({
    vocab: Object.fromEntries(ids),
    merges: mergesOf(ranked, ids),
    addedTokens: names.map((name, i) => specialToken(name, ranked.length + i)),
    config: { bos_token: begin, eos_token: end, ...(pad === undefined ? {} : { pad_token: pad }) },
    pattern: LLAMA3_PATTERN,
    ignoreMerges: true,
    postProcessor: templateFor([[begin, ranked.length]], []),
  });
}

/** The 256 special tokens of Llama 3, in order of their ids. */
function llama3SpecialTokens(version: "3" | "3.1"): string[] {
  const names = LLAMA3_SPECIAL[version];
  let reserved = 0;
  return Array.from(
    { length: LLAMA3_SPECIAL_COUNT },
    (_, i) => names[i] ?? `<|reserved_special_token_${reserved++}|>`,
  );
}

/** Whether a file looks like a tiktoken vocabulary, from its beginning. */
export function looksLikeTiktoken(beginning: string): boolean {
  return /^[A-Za-z0-9+/]+=* \d+\r?\n/.test(beginning);
}

/**
 * Tokens of a tiktoken vocabulary in the byte alphabet, in order of rank.
 *
 * @throws if a line is malformed, ranks are not 0, 1, 2 and so on, or a byte or token is missing.
 */
function parseTiktoken(model: string): string[] {
  const tokens: string[] = [];
  for (const line of model.split(/\r?\n/)) {
    if (line === "") continue;
    const [, base64, rank] = /^([A-Za-z0-9+/]+=*) (\d+)$/.exec(line) ?? [];
    if (base64 === undefined || base64.length % 4 !== 0 || Number(rank) !== tokens.length) {
      throw new Error(
        `tiktoken: expected base64 and rank ${tokens.length}, got ${JSON.stringify(line.slice(0, 60))}.`,
      );
    }
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    tokens.push(bytesToCharacters(bytes));
  }
  const singles = new Set(tokens.filter((token) => token.length === 1)).size;
  if (singles !== 256 || new Set(tokens).size !== tokens.length) {
    throw new Error(
      `tiktoken: expected different tokens with 256 single bytes among them, got ${singles}.`,
    );
  }
  return tokens;
}
