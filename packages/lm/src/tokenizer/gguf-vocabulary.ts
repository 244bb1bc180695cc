/**
 * The vocabulary in the metadata of a GGUF file (ggml-org/ggml, docs/gguf.md) as tokenizer files.
 * Two kinds: SentencePiece pieces with scores, and byte-level BPE with merges, whose words the file
 * only names. Reading the file itself is not done here.
 */
import { byteLevelBpeFiles, specialToken } from "./byte-level-bpe.ts";
import { mergeOf, type Part, type TokenizerConfigJson, type TokenizerFiles } from "./json.ts";
import { LLAMA3_PATTERN, STABLELM2_PATTERN } from "./patterns.ts";
import { templateFor } from "./post-processor.ts";
import { type PieceType, sentencePieceFiles } from "./sentencepiece.ts";

/** Metadata by key, numbers as numbers or bigints. */
export type GgufMetadata = Readonly<Record<string, unknown>>;

const PIECE_TYPES: readonly (PieceType | undefined)[] = [
  undefined,
  "normal",
  "unknown",
  "control",
  "user",
  "unused",
  "byte",
];

/** How text becomes words: what the name `tokenizer.ggml.pre` stands for. */
interface Words {
  readonly pattern?: string;
  readonly normalizer?: Part;
  readonly ignoreMerges?: boolean;
  /** Whether BOS is added where the file does not say. */
  readonly addBos: boolean;
}

const GPT2: Words = { addBos: false };
/** GGUF has no word for it, but every model with this vocabulary composes characters first. */
const NEOX: Words = { normalizer: { type: "NFC" }, addBos: false };
const LLAMA3: Words = { pattern: LLAMA3_PATTERN, ignoreMerges: true, addBos: true };
/** Composes characters first, as the tokenizer that it is quoted from does. */
const STABLELM2: Words = { pattern: STABLELM2_PATTERN, normalizer: { type: "NFC" }, addBos: false };

const WORDS: ReadonlyMap<string, Words> = new Map([
  ["gpt-2", GPT2],
  ["mpt", NEOX],
  ["olmo", NEOX],
  ["llama-bpe", LLAMA3],
  ["llama-v3", LLAMA3],
  ["llama3", LLAMA3],
  ["stablelm2", STABLELM2],
]);

/**
 * Tokenizer files of a GGUF file's vocabulary. Rows that only fill the embedding up get no token.
 *
 * @throws if the metadata is malformed or names a kind of tokenizer that is not supported.
 */
export function ggufTokenizerFiles(metadata: GgufMetadata): TokenizerFiles {
  const model = metadata["tokenizer.ggml.model"];
  const files =
    model === "llama"
      ? sentencePiece(metadata)
      : model === "gpt2"
        ? byteLevel(metadata)
        : undefined;
  if (files === undefined) {
    throw new Error(
      `GGUF: expected tokenizer.ggml.model "llama" or "gpt2", got ${JSON.stringify(model)}. Use the ` +
        "tokenizer.json of the original model.",
    );
  }
  const template = metadata["tokenizer.chat_template"];
  if (typeof template !== "string") return files;
  return { ...files, config: { ...files.config, chat_template: template } };
}

function sentencePiece(metadata: GgufMetadata): TokenizerFiles {
  if (flag(metadata, "remove_extra_whitespaces", false)) throw unsupported("extra white space");
  const { tokens, types } = vocabulary(metadata);
  const scores = list(metadata, "scores", isNumber);
  return sentencePieceFiles({
    pieces: tokens.map((text, id) => ({
      text,
      score: scores[id] ?? 0,
      type: isFiller(text, id) ? "unused" : (types[id] as PieceType),
    })),
    unkId: idOf(metadata, "unknown") ?? 0,
    bosId: idOf(metadata, "bos"),
    eosId: idOf(metadata, "eos"),
    padId: idOf(metadata, "padding"),
    addDummyPrefix: flag(metadata, "add_space_prefix", true),
    addBos: flag(metadata, "add_bos_token", true),
    addEos: flag(metadata, "add_eos_token", false),
  });
}

function byteLevel(metadata: GgufMetadata): TokenizerFiles {
  const { tokens, types } = vocabulary(metadata);
  const words = wordsOf(metadata, tokens);
  const used = tokens.flatMap((token, id) =>
    types[id] === "unused" || isFiller(token, id) ? [] : [{ token, id, type: types[id] }],
  );
  const ids = new Map(used.map(({ token, id }) => [token, id]));
  if (ids.size !== used.length) throw new Error("GGUF: expected tokens that differ, got repeats.");
  const named = (role: string): [string, number][] => {
    const id = idOf(metadata, role);
    const token = id === null ? undefined : tokens[id];
    return id === null || token === undefined || !ids.has(token) ? [] : [[token, id]];
  };
  const bos = flag(metadata, "add_bos_token", words.addBos) ? named("bos") : [];
  const eos = flag(metadata, "add_eos_token", false) ? named("eos") : [];
  return byteLevelBpeFiles({
    ...words,
    vocab: Object.fromEntries(ids),
    merges: list(metadata, "merges", isString).map(mergeOf),
    addedTokens: used
      .filter(({ type }) => type === "control" || type === "user")
      .map(({ token, id, type }) => ({ ...specialToken(token, id), special: type === "control" })),
    config: configOf({
      bos_token: named("bos")[0]?.[0],
      eos_token: named("eos")[0]?.[0],
      pad_token: named("padding")[0]?.[0],
    }),
    postProcessor: templateFor(bos, eos),
  });
}

/** The words of a vocabulary; files before May 2024 name none, so known vocabularies are told apart. */
function wordsOf(metadata: GgufMetadata, tokens: readonly string[]): Words {
  const name = metadata["tokenizer.ggml.pre"] ?? "default";
  const words = typeof name === "string" ? WORDS.get(name) : undefined;
  if (words !== undefined) return words;
  if (name === "default") {
    if (tokens[0] === "<|endoftext|>" && tokens[1] === "<|padding|>") return NEOX;
    if (tokens[50256] === "<|endoftext|>") return GPT2;
    if (tokens[128000] === "<|begin_of_text|>") return LLAMA3;
  }
  throw unsupported(`tokenizer.ggml.pre ${JSON.stringify(name)}`);
}

function vocabulary(metadata: GgufMetadata): { tokens: string[]; types: PieceType[] } {
  const tokens = list(metadata, "tokens", isString);
  const types = list(metadata, "token_type", isNumber).map((type) => PIECE_TYPES[type]);
  if (types.length !== tokens.length || !types.every((type) => type !== undefined)) {
    throw new Error(
      `GGUF: expected a known type for each of ${tokens.length} tokens, got ${types.length} types.`,
    );
  }
  return { tokens, types };
}

/** Names that converters give to rows of the embedding beyond the vocabulary. */
function isFiller(token: string, id: number): boolean {
  return token === `[PAD${id}]`;
}

function configOf(names: Readonly<Record<string, string | undefined>>): TokenizerConfigJson {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== undefined));
}

function idOf(metadata: GgufMetadata, role: string): number | null {
  const id = metadata[`tokenizer.ggml.${role}_token_id`];
  if (id === undefined) return null;
  const number = Number(id);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`GGUF: expected an id in ${role}_token_id, got ${String(id)}.`);
}

function flag(metadata: GgufMetadata, key: string, otherwise: boolean): boolean {
  const value = metadata[`tokenizer.ggml.${key}`];
  return typeof value === "boolean" ? value : otherwise;
}

function list<T>(metadata: GgufMetadata, key: string, is: (value: unknown) => value is T): T[] {
  const values = metadata[`tokenizer.ggml.${key}`];
  if (Array.isArray(values) && values.every(is)) return values;
  throw new Error(
    `GGUF: expected a list in tokenizer.ggml.${key}, got none or one of other values.`,
  );
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function unsupported(what: string): Error {
  return new Error(`GGUF: ${what} is not supported. Use the tokenizer.json of the original model.`);
}
