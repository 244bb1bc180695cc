/** What a GGUF file says of its vocabulary, in types; a tokenizer is made of it elsewhere. */
import { CheckpointError } from "../error.ts";
import { describe } from "../json.ts";
import type { MetadataValue } from "./reader.ts";

/** Kind of a token: values of `tokenizer.ggml.token_type`. */
export type GgufTokenKind = "normal" | "unknown" | "control" | "user_defined" | "unused" | "byte";

/** The vocabulary of a GGUF file. Missing entries are null. */
export interface GgufTokenizer {
  /** `llama` is SentencePiece (unigram scores as merge ranks), `gpt2` byte-level BPE. */
  readonly model: string;
  /** How text is split before merging, such as "llama-bpe" or "stablelm2"; null in older files. */
  readonly pre: string | null;
  /** By id; SentencePiece with U+2581 for a space, byte-level BPE in its printable alphabet. */
  readonly tokens: readonly string[];
  /** By id; SentencePiece merges the pair whose token scores highest. */
  readonly scores: readonly number[] | null;
  /** By id. */
  readonly kinds: readonly GgufTokenKind[] | null;
  /** Two tokens and a space between them, in order of rank; byte-level BPE. */
  readonly merges: readonly string[] | null;
  readonly bos: number | null;
  readonly eos: number | null;
  /** End of a turn in a chat. */
  readonly eot: number | null;
  readonly unknown: number | null;
  readonly pad: number | null;
  readonly addBos: boolean | null;
  readonly addEos: boolean | null;
  /** Whether a space goes before the text. */
  readonly addSpacePrefix: boolean | null;
  /** Jinja template of a chat. */
  readonly chatTemplate: string | null;
}

const KINDS: readonly (GgufTokenKind | undefined)[] = [
  undefined,
  "normal",
  "unknown",
  "control",
  "user_defined",
  "unused",
  "byte",
];

/**
 * Reads the vocabulary.
 *
 * @param file name, for messages.
 * @returns null when the file has none.
 * @throws CheckpointError when an entry is of another type or length than it has to be.
 */
export function parseGgufTokenizer(
  metadata: ReadonlyMap<string, MetadataValue>,
  file: string,
): GgufTokenizer | null {
  const reader = new EntryReader(metadata, file);
  const model = reader.text("tokenizer.ggml.model");
  const tokens = reader.list("tokenizer.ggml.tokens", isText);
  if (model === null || model === "no_vocab" || tokens === null) return null;
  const kinds = reader.list("tokenizer.ggml.token_type", isKind, tokens.length);
  return {
    model,
    pre: reader.text("tokenizer.ggml.pre"),
    tokens,
    scores: reader.list("tokenizer.ggml.scores", isNumber, tokens.length),
    kinds: kinds?.map((kind) => KINDS[kind] ?? "normal") ?? null,
    merges: reader.list("tokenizer.ggml.merges", isText),
    bos: reader.id("tokenizer.ggml.bos_token_id", tokens.length),
    eos: reader.id("tokenizer.ggml.eos_token_id", tokens.length),
    eot: reader.id("tokenizer.ggml.eot_token_id", tokens.length),
    unknown: reader.id("tokenizer.ggml.unknown_token_id", tokens.length),
    pad: reader.id("tokenizer.ggml.padding_token_id", tokens.length),
    addBos: reader.flag("tokenizer.ggml.add_bos_token"),
    addEos: reader.flag("tokenizer.ggml.add_eos_token"),
    addSpacePrefix: reader.flag("tokenizer.ggml.add_space_prefix"),
    chatTemplate: reader.text("tokenizer.chat_template"),
  };
}

/** Entries of the metadata by type; a missing one is null. */
class EntryReader {
  readonly #metadata: ReadonlyMap<string, MetadataValue>;
  readonly #file: string;

  constructor(metadata: ReadonlyMap<string, MetadataValue>, file: string) {
    this.#metadata = metadata;
    this.#file = file;
  }

  text(key: string): string | null {
    const value = this.#metadata.get(key) ?? null;
    if (value === null || isText(value)) return value;
    throw this.#invalid(key, "a string", value);
  }

  flag(key: string): boolean | null {
    const value = this.#metadata.get(key) ?? null;
    if (value === null || typeof value === "boolean") return value;
    throw this.#invalid(key, "true or false", value);
  }

  id(key: string, tokens: number): number | null {
    const value = this.#metadata.get(key) ?? null;
    if (value === null) return null;
    if (isNumber(value) && Number.isInteger(value) && value >= 0 && value < tokens) return value;
    throw this.#invalid(key, `an id below ${tokens}`, value);
  }

  list<T extends MetadataValue>(
    key: string,
    is: (value: MetadataValue) => value is T,
    length?: number,
  ): readonly T[] | null {
    const value = this.#metadata.get(key) ?? null;
    if (value === null) return null;
    const fits = Array.isArray(value) && (length === undefined || value.length === length);
    if (fits && value.every(is)) return value;
    throw this.#invalid(key, `a list${length === undefined ? "" : ` of ${length}`}`, value);
  }

  #invalid(key: string, expected: string, value: MetadataValue): CheckpointError {
    const got = Array.isArray(value) ? `a list of ${value.length}` : describe(value);
    return new CheckpointError(
      `${this.#file}: expected ${key} to be ${expected}, got ${got}. The file is damaged.`,
    );
  }
}

function isText(value: MetadataValue): value is string {
  return typeof value === "string";
}

function isNumber(value: MetadataValue): value is number {
  return typeof value === "number";
}

function isKind(value: MetadataValue): value is number {
  return typeof value === "number" && KINDS[value] !== undefined;
}
