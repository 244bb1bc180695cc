/**
 * The two files of a tokenizer, as objects: tokenizer.json (how text becomes ids) and
 * tokenizer_config.json (what the ids mean). Types of what we write and read, and the check that a
 * file is of this kind. Which parts are supported is decided where they are used.
 */

/** A part of the pipeline, such as `{ type: "ByteLevel", ... }`; read key by key. */
export interface Part {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A token that is cut out of the text before the model sees it. */
export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  /** Only where no word character is next to it. */
  readonly single_word: boolean;
  /** Also takes the white space to its left. */
  readonly lstrip: boolean;
  /** Also takes the white space to its right. */
  readonly rstrip: boolean;
  /** Looked for after normalisation rather than before. */
  readonly normalized: boolean;
  /** Has a meaning for the model; decoding may skip it, and text must not forge it. */
  readonly special: boolean;
}

/** tokenizer.json, version 1.0. */
export interface TokenizerJson {
  readonly version: "1.0";
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly post_processor: Part | null;
  readonly decoder: Part | null;
  readonly model: Part & { readonly vocab: Readonly<Record<string, number>> };
}

/** A token in tokenizer_config.json: its text, alone or with how it is matched. */
export type TokenName = string | { readonly content: string };

/** The keys of tokenizer_config.json that we read or write; others are kept. */
export interface TokenizerConfigJson {
  readonly bos_token?: TokenName | null;
  readonly eos_token?: TokenName | null;
  readonly pad_token?: TokenName | null;
  readonly unk_token?: TokenName | null;
  readonly add_bos_token?: boolean;
  readonly add_eos_token?: boolean;
  readonly added_tokens_decoder?: Readonly<Record<string, Partial<AddedTokenJson>>>;
  readonly additional_special_tokens?: readonly TokenName[];
  readonly chat_template?: unknown;
  readonly [key: string]: unknown;
}

/** Both files: what trainers and converters make, and what a folder holds. */
export interface TokenizerFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: TokenizerConfigJson;
}

/**
 * Checks the shape of a parsed tokenizer.json and fills in what old files leave out. Truncation and
 * padding are dropped: here they are options of a call, never a property of a file.
 *
 * @throws if it is not a tokenizer.json: a wrong type, an id that is no natural number.
 */
export function parseTokenizerJson(json: unknown): TokenizerJson {
  if (!isObject(json)) throw problem("expected an object", json);
  const model = json["model"];
  if (!isObject(model)) throw problem('expected an object "model"', model);
  const added = json["added_tokens"] ?? [];
  if (!Array.isArray(added)) throw problem('expected an array "added_tokens"', added);
  const part = (key: string): Part | null => {
    const value = json[key] ?? null;
    if (value !== null && !isPart(value)) throw problem(`expected "${key}" with a type`, value);
    return value;
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added.map(addedToken),
    normalizer: part("normalizer"),
    pre_tokenizer: part("pre_tokenizer"),
    post_processor: part("post_processor"),
    decoder: part("decoder"),
    // Files older than 2021 leave the type of a BPE model out.
    model: {
      ...model,
      type: typeof model["type"] === "string" ? model["type"] : "BPE",
      vocab: vocabulary(model["vocab"]),
    },
  };
}

/**
 * An added token with the defaults of the format: matched before normalisation unless it is
 * ordinary text.
 *
 * @throws if it has no text or its id is no natural number.
 */
export function addedToken(token: unknown): AddedTokenJson {
  if (!isObject(token)) throw problem("expected an added token", token);
  const { id, content } = token;
  if (!isId(id)) throw problem("expected an added token with an id", id);
  if (typeof content !== "string" || content === "") {
    throw problem(`expected added token ${id} with a text`, content);
  }
  const special = token["special"] === true;
  return {
    id,
    content,
    single_word: token["single_word"] === true,
    lstrip: token["lstrip"] === true,
    rstrip: token["rstrip"] === true,
    normalized: typeof token["normalized"] === "boolean" ? token["normalized"] : !special,
    special,
  };
}

/**
 * Both halves of a merge: a pair, or in older files one string, whose tokens contain no space.
 *
 * @throws if it is neither.
 */
export function mergeOf(merge: unknown): [string, string] {
  const halves: unknown = typeof merge === "string" ? merge.split(" ") : merge;
  const [left, right, ...rest] = Array.isArray(halves) ? halves : [];
  if (typeof left === "string" && typeof right === "string" && left && right && !rest.length) {
    return [left, right];
  }
  throw problem("expected merges of two tokens", merge);
}

/** Whether a value is an object with keys, not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a part of the pipeline. */
export function isPart(value: unknown): value is Part {
  return isObject(value) && typeof value["type"] === "string";
}

function vocabulary(vocab: unknown): Readonly<Record<string, number>> {
  if (!isObject(vocab)) throw problem('expected an object "model.vocab"', vocab);
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id)) throw problem(`expected an id for "${token}"`, id);
    const other = tokens.get(id);
    if (other !== undefined) {
      throw problem(`expected an id of its own for "${token}"`, `${id}, as for "${other}"`);
    }
    tokens.set(id, token);
  }
  return vocab as Readonly<Record<string, number>>;
}

/** Ids are indices of embedding rows; the bound keeps a hostile file from making huge tables. */
function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 24;
}

function problem(expected: string, got: unknown): Error {
  const shown = typeof got === "string" ? got : JSON.stringify(got)?.slice(0, 60);
  return new Error(`tokenizer.json: ${expected}, got ${shown}.`);
}
