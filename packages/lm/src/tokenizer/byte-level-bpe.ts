/**
 * Byte-level BPE tokenizers as files: trained on texts, or put together from a vocabulary and its
 * merges. Any text has ids and comes back unchanged.
 */
import { BYTE_CHARACTERS, CHARACTER_BYTES } from "./byte-alphabet.ts";
import {
  type AddedTokenJson,
  mergeOf,
  type Part,
  parseTokenizerJson,
  type TokenizerConfigJson,
  type TokenizerFiles,
} from "./json.ts";
import { type CountedWord, learnMerges } from "./learn-merges.ts";
import { GPT2_PATTERN } from "./patterns.ts";
import { countWords } from "./word-counts.ts";

/** Options of {@link trainByteLevelBpe}. */
export interface BpeTrainerOptions {
  /** Tokens in all, special tokens and 256 bytes included; fewer if the texts run out of pairs. */
  readonly vocabSize: number;
  /** Least occurrences of a pair that becomes a token; default 2. */
  readonly minFrequency?: number;
  /** Ends and begins a text; default `<|endoftext|>`, id 0. */
  readonly eosToken?: string;
  /** Default `<|padding|>`, id 1. */
  readonly padToken?: string;
  /** Further special tokens, ids from 2. */
  readonly specialTokens?: readonly string[];
}

/** What {@link byteLevelBpeFiles} puts together. */
export interface ByteLevelBpe {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
  /** Tokens cut out before the model; those not in `vocab` need ids from its size onwards. */
  readonly addedTokens: readonly AddedTokenJson[];
  readonly config: TokenizerConfigJson;
  /** Default GPT-2's. */
  readonly pattern?: string;
  readonly normalizer?: Part | null;
  /** Whether a word that is in the vocabulary is its token, whatever the merges say. */
  readonly ignoreMerges?: boolean;
  /** What is put around a text when asked to; default nothing. */
  readonly postProcessor?: Part | null;
}

/**
 * Trains a tokenizer with GPT-2's words. The same texts give the same files, in any order.
 *
 * @throws if the vocabulary has no room for the bytes and the special tokens, or these repeat.
 */
export function trainByteLevelBpe(
  texts: Iterable<string>,
  options: BpeTrainerOptions,
): TokenizerFiles {
  const { vocabSize, minFrequency = 2, specialTokens = [] } = options;
  const { eosToken = "<|endoftext|>", padToken = "<|padding|>" } = options;
  const special = [eosToken, padToken, ...specialTokens];
  // By character, as the Rust library numbers them.
  const alphabet = [...special, ...[...BYTE_CHARACTERS].sort()];
  checkTrainer(special, alphabet, options);
  const words = encodeWords(countWords(texts, GPT2_PATTERN), alphabet);
  const limits = { vocabSize, minFrequency: Math.max(1, minFrequency) };
  const { tokens, merges } = learnMerges(words, alphabet, limits);
  return byteLevelBpeFiles({
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges,
    addedTokens: special.map((content, id) => specialToken(content, id)),
    config: { bos_token: eosToken, eos_token: eosToken, pad_token: padToken },
  });
}

/**
 * The files of a GPT-2 tokenizer in its older form: a vocabulary and a list of merges.
 *
 * @param vocab a parsed vocab.json.
 * @param merges the text of merges.txt.
 * @param config what tokenizer_config.json says; GPT-2's one special token if it names none.
 * @throws if a merge is malformed.
 */
export function gpt2Files(
  vocab: Readonly<Record<string, unknown>>,
  merges: string,
  config: TokenizerConfigJson,
): TokenizerFiles {
  const lines = merges.split(/\r?\n/).filter((line, i) => {
    return line !== "" && !(i === 0 && line.startsWith("#version"));
  });
  const end = "<|endoftext|>";
  const named = { bos_token: end, eos_token: end };
  const files = byteLevelBpeFiles({
    vocab: vocab as Readonly<Record<string, number>>,
    merges: lines.map(mergeOf),
    addedTokens: [],
    config: { ...(end in vocab ? named : {}), ...config },
  });
  return { tokenizer: parseTokenizerJson(files.tokenizer), config: files.config };
}

/** The files of a byte-level BPE tokenizer. */
export function byteLevelBpeFiles(parts: ByteLevelBpe): TokenizerFiles {
  const { vocab, merges, addedTokens, config, pattern } = parts;
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  const words = { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens,
      normalizer: parts.normalizer ?? null,
      pre_tokenizer:
        pattern === undefined
          ? { ...bytes, use_regex: true }
          : { type: "Sequence", pretokenizers: [words, { ...bytes, use_regex: false }] },
      post_processor: parts.postProcessor ?? null,
      decoder: { ...bytes, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: parts.ignoreMerges ?? false,
        vocab,
        merges,
      },
    },
    config: { tokenizer_class: "PreTrainedTokenizerFast", ...config },
  };
}

/** A special token, found in the text as it is. */
export function specialToken(content: string, id: number): AddedTokenJson {
  const how = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return { id, content, ...how, special: true };
}

/** Words as ids of their bytes. */
function encodeWords(
  counts: ReadonlyMap<string, number>,
  alphabet: readonly string[],
): CountedWord[] {
  const idOfByte = new Int32Array(256);
  alphabet.forEach((token, id) => {
    const byte = CHARACTER_BYTES.get(token);
    if (byte !== undefined) idOfByte[byte] = id;
  });
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    ids: Int32Array.from(encoder.encode(word), (byte) => idOfByte[byte] as number),
    count,
  }));
}

function checkTrainer(
  special: readonly string[],
  alphabet: readonly string[],
  { vocabSize }: BpeTrainerOptions,
): void {
  const repeated = special.find(
    (token, i) => token === "" || special.indexOf(token) !== i || CHARACTER_BYTES.has(token),
  );
  if (repeated !== undefined) {
    throw new Error(
      `trainByteLevelBpe: expected special tokens of several characters and all different, got ` +
        `${JSON.stringify(repeated)}. The end of a text and padding must never be one token.`,
    );
  }
  if (!Number.isInteger(vocabSize) || vocabSize < alphabet.length) {
    throw new Error(
      `trainByteLevelBpe: expected vocabSize of at least ${alphabet.length}, for 256 bytes and the ` +
        `special tokens, got ${vocabSize}.`,
    );
  }
}
