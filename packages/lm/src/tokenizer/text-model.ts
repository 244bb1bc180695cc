/**
 * Text to tokens: added tokens, normalisation, pre-tokenisation and the model, in the order of the
 * Rust library. The parts are the JavaScript library's, the order is ours, because its own front
 * turns the text of special tokens into special tokens, knows no word boundaries of added tokens,
 * drops what it cannot encode and writes added tokens into the model's vocabulary.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { AddedTokenMatcher, type Section } from "./added-tokens.ts";
import { BYTE_CHARACTERS, bytesToCharacters } from "./byte-alphabet.ts";
import { type StandIns, withoutStandIns } from "./chat-template-guard.ts";
import { modelForLibrary, normalizerForLibrary, preTokenizationOf } from "./dialect.ts";
import { type AddedTokenJson, mergeOf, type Part, type TokenizerJson } from "./json.ts";

/** What special-token text in a text becomes: ordinary tokens, or the special token. */
export type SpecialText = "text" | "token";

/** Words whose ids are kept; English text of any length has fewer, and they take some 10 MB. */
const CACHED_WORDS = 100_000;

const ENCODER = new TextEncoder();

/** The part of a tokenizer between text and ids, without anything added around them. */
export class TextModel {
  readonly #library: Library;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #matchers: Readonly<Record<SpecialText, Matchers>>;
  readonly #guarded: Matchers;
  readonly #boundary: RegExp | null;
  readonly #bytes: boolean;
  readonly #words = new Map<string, readonly number[]>();

  /** @throws if a part of the file is not supported. */
  constructor(json: TokenizerJson, addedTokens: readonly AddedTokenJson[]) {
    const { split, bytes } = preTokenizationOf(json.pre_tokenizer);
    const hidden = hiddenTokens(json, addedTokens);
    this.#library = new Library(
      {
        ...json,
        normalizer: normalizerForLibrary(json.normalizer),
        pre_tokenizer: split,
        model: modelForLibrary(withoutTokens(json.model, hidden)),
        added_tokens: [],
        post_processor: null,
        decoder: null,
      },
      {},
    );
    this.#ids = new Map(Object.entries(json.model.vocab).filter(([token]) => !hidden.has(token)));
    this.#boundary = json.pre_tokenizer === null ? boundaryOf(json.model) : null;
    this.#bytes = bytes;
    const ordinary = addedTokens.filter(({ special }) => !special);
    this.#matchers = { token: this.#matchersOf(addedTokens), text: this.#matchersOf(ordinary) };
    this.#guarded = this.#matchersOf(
      addedTokens.map((token) => (token.special ? { ...token, normalized: false } : token)),
    );
  }

  /** Ids of a text. @throws if a piece of it has no id. */
  encode(text: string, special: SpecialText): number[] {
    return this.#encode(text, this.#matchers[special], (part) => part);
  }

  /**
   * Ids of a text in which stand-ins keep special tokens apart from text that spells them. Special
   * tokens are looked for before normalisation, since that could make them out of other text.
   */
  encodeGuarded(text: string, standIns: StandIns): number[] {
    return this.#encode(text, this.#guarded, (part) => withoutStandIns(part, standIns));
  }

  #encode(
    text: string,
    { raw, normalized }: Matchers,
    restore: (part: string) => string,
  ): number[] {
    const ids: number[] = [];
    for (const section of raw.split(text)) {
      if (section.token !== undefined) ids.push(section.token.id);
      else this.#encodeSection(section, normalized, restore, ids);
    }
    return ids;
  }

  #encodeSection(
    { start, text }: Section,
    matcher: AddedTokenMatcher,
    restore: (part: string) => string,
    ids: number[],
  ): void {
    for (const part of matcher.split(this.#normalize(text))) {
      if (part.token !== undefined) {
        ids.push(part.token.id);
        continue;
      }
      if (part.text === "") continue;
      // Some pre-tokenizers treat the very beginning of a text differently.
      const index = start === 0 && part.start === 0 ? 0 : 1;
      for (const word of this.#wordsOf(restore(part.text), index)) {
        for (const id of this.#idsOf(word)) ids.push(id);
      }
    }
  }

  /** The stretches of a text that the model sees one by one. */
  #wordsOf(text: string, index: number): string[] {
    if (this.#boundary !== null) return text.split(this.#boundary);
    return this.#library.pre_tokenizer?.pre_tokenize(text, { section_index: index }) ?? [text];
  }

  /** Ids of a word. Texts repeat their words, and merging takes far longer than looking up. */
  #idsOf(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const spelled = this.#bytes ? bytesToCharacters(ENCODER.encode(word)) : word;
    const ids = this.#tokensOf(spelled).map((token) => this.#idOf(token));
    if (this.#words.size === CACHED_WORDS) this.#words.clear();
    this.#words.set(word, ids);
    return ids;
  }

  #normalize(text: string): string {
    return text === "" ? text : (this.#library.normalizer?.normalize(text) ?? text);
  }

  #tokensOf(word: string): string[] {
    const { model } = this.#library;
    if (model === null) throw new Error("tokenizer.json: expected a model, got none.");
    return model._call([word]);
  }

  #idOf(token: string): number {
    const id = this.#ids.get(token);
    if (id !== undefined) return id;
    throw new Error(
      `encode: expected the vocabulary to cover the text, got ${JSON.stringify(token)} without an ` +
        "id. Use a tokenizer with an unknown token or with all bytes.",
    );
  }

  #matchersOf(tokens: readonly AddedTokenJson[]): Matchers {
    const raw = new Map<string, AddedTokenJson>();
    const normalized = new Map<string, AddedTokenJson>();
    for (const token of tokens) {
      if (token.normalized) normalized.set(this.#normalize(token.content), token);
      else raw.set(token.content, token);
    }
    return { raw: new AddedTokenMatcher(raw), normalized: new AddedTokenMatcher(normalized) };
  }
}

/**
 * Special tokens, which the model must not make out of text that merely spells them. Their sole
 * source are the matchers; only the unknown token is the model's to give.
 */
function hiddenTokens(json: TokenizerJson, added: readonly AddedTokenJson[]): Set<string> {
  const hidden = new Set(added.filter(({ special }) => special).map(({ content }) => content));
  if (typeof json.model["unk_token"] === "string") hidden.delete(json.model["unk_token"]);
  return hidden;
}

/**
 * Where a model without pre-tokenizer may be given its text in pieces: before a mark of a space
 * that follows anything else, if no merge reaches over such a place. Null if one does.
 */
function boundaryOf({ vocab, merges }: TokenizerJson["model"]): RegExp | null {
  const isFree = Object.hasOwn(vocab, "▁") && Array.isArray(merges);
  const reaches = (merge: unknown): boolean => /[^▁]▁/u.test(mergeOf(merge).join(""));
  return isFree && !merges.some(reaches) ? /(?<=[^▁])(?=▁)/u : null;
}

/** The model without some tokens and the merges that make them. */
function withoutTokens(model: TokenizerJson["model"], hidden: ReadonlySet<string>): Part {
  const vocab = { ...model.vocab };
  for (const token of hidden) delete vocab[token];
  const { merges } = model;
  if (!Array.isArray(merges)) return { ...model, vocab };
  const kept = merges.map(mergeOf).filter(([left, right]) => !hidden.has(left + right));
  return { ...model, vocab, merges: kept };
}

/**
 * What a model leaves out of texts, in words for the user: as in the Rust library, a character
 * without a token vanishes where there is neither an unknown token nor a way to spell it in bytes.
 */
export function coverageWarnings({ model, pre_tokenizer: words }: TokenizerJson): string[] {
  const total = model["unk_token"] != null || model["byte_fallback"] === true;
  if (model.type !== "BPE" || total) return [];
  const isByteLevel = JSON.stringify(words ?? null).includes('"ByteLevel"');
  const missing = BYTE_CHARACTERS.filter((character) => !Object.hasOwn(model.vocab, character));
  if (isByteLevel && missing.length === 0) return [];
  const what = isByteLevel ? `${missing.length} of 256 bytes` : "characters outside its vocabulary";
  return [`tokenizer.json: the model has no tokens for ${what}; texts lose them.`];
}

interface Matchers {
  readonly raw: AddedTokenMatcher;
  readonly normalized: AddedTokenMatcher;
}
