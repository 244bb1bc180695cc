/**
 * Text to ids and back, from the files of a Hugging Face folder. A thin front over the parts in
 * this folder, which says what every caller must decide: whether special tokens are added, and
 * whether special-token text in a text may become a special token (not unless asked, since texts
 * come from users and data sets). Chat templates, batching and masks of completions lie elsewhere.
 */
import type { StandIns } from "./chat-template-guard.ts";
import { decoderOf } from "./decoder.ts";
import {
  isObject,
  parseTokenizerJson,
  type TokenizerConfigJson,
  type TokenizerFiles,
} from "./json.ts";
import { type PaddedRows, padRows, type Side } from "./padding.ts";
import { type Frame, frameOf } from "./post-processor.ts";
import { fillIdOf, type SpecialTokens, specialTokensOf } from "./special-tokens.ts";
import { coverageWarnings, type SpecialText, TextModel } from "./text-model.ts";

/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /** Whether to put around the text what the tokenizer asks for, such as BOS. */
  readonly addSpecialTokens: boolean;
  /** What the text of a special token becomes; default "text". Chat templates need "token". */
  readonly specialText?: SpecialText;
  /** Most ids returned, special tokens around the text included; these are kept. */
  readonly maxLength?: number;
  /** Where tokens are dropped; default "right", the end. */
  readonly truncationSide?: Side;
}

/** Options of {@link Tokenizer.encodeBatch}. */
export interface EncodeBatchOptions extends EncodeOptions {
  readonly paddingSide: Side;
  /** T of the result; default: the longest row. */
  readonly padTo?: number;
}

/** Options of {@link Tokenizer.decode}. */
export interface DecodeOptions {
  /** Leave special tokens out of the text; default false. */
  readonly skipSpecialTokens?: boolean;
}

/** A tokenizer: the text model, the meaning of its ids and the way back to text. */
export class Tokenizer {
  /** Both files, for saving. */
  readonly files: TokenizerFiles;
  /** One more than the highest id. A model's embedding may have more rows than that. */
  readonly vocabSize: number;
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Null too where the files declare one token as padding and end of text. */
  readonly padId: number | null;
  readonly unkId: number | null;
  /** What {@link encodeBatch} puts at empty positions. */
  readonly fillId: number;
  /** Ids that text alone never becomes under `specialText: "text"`, the unknown token aside. */
  readonly specialIds: ReadonlySet<number>;
  /** What the files say that was not followed; for the caller to show. */
  readonly warnings: readonly string[];
  /** Ids that {@link encode} puts around a text under `addSpecialTokens`. */
  readonly frame: Frame;
  readonly #model: TextModel;
  readonly #decode: (tokens: readonly string[]) => string;
  readonly #tokens: ReadonlyMap<number, string>;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * @param tokenizer a parsed tokenizer.json.
   * @param config a parsed tokenizer_config.json.
   * @throws if a file is malformed, the two contradict each other, or a part is not supported.
   */
  constructor(tokenizer: unknown, config: unknown = {}) {
    if (!isObject(config)) throw new Error("tokenizer_config.json: expected an object.");
    const json = parseTokenizerJson(tokenizer);
    this.files = { tokenizer: json, config: config as TokenizerConfigJson };
    const special: SpecialTokens = specialTokensOf(json, this.files.config);
    this.bosId = special.bosId;
    this.eosId = special.eosId;
    this.padId = special.padId;
    this.unkId = special.unkId;
    this.fillId = fillIdOf(special);
    this.warnings = [...special.warnings, ...coverageWarnings(json)];
    const added = special.addedTokens;
    this.specialIds = new Set(added.filter((token) => token.special).map(({ id }) => id));
    this.#ids = new Map([
      ...Object.entries(json.model.vocab),
      ...added.map(({ content, id }) => [content, id] as const),
    ]);
    this.#tokens = new Map([...this.#ids].map(([token, id]) => [id, token]));
    this.vocabSize = [...this.#tokens.keys()].reduce((most, id) => Math.max(most, id + 1), 0);
    this.#model = new TextModel(json, added);
    this.#decode = decoderOf(json.decoder);
    this.frame = frameOf(json.post_processor, this.files.config, special);
  }

  /**
   * Ids of a text.
   *
   * @throws if `maxLength` leaves no room for the special tokens around the text, or the vocabulary
   *   does not cover the text and has no unknown token.
   */
  encode(text: string, options: EncodeOptions): Int32Array {
    const { addSpecialTokens, specialText = "text", maxLength, truncationSide } = options;
    const { before, after } = addSpecialTokens ? this.frame : { before: [], after: [] };
    const ids = this.#model.encode(text, specialText);
    const kept = maxLength === undefined ? ids.length : maxLength - before.length - after.length;
    if (!Number.isInteger(kept) || kept < 0) {
      throw new Error(
        `encode: expected maxLength to leave room for ${before.length + after.length} special ` +
          `tokens, got ${maxLength}. Raise it or set addSpecialTokens to false.`,
      );
    }
    return Int32Array.from([...before, ...truncated(ids, kept, truncationSide), ...after]);
  }

  /**
   * Ids of a rendered chat template: special tokens in it become special tokens, those that stand-ins
   * keep apart stay text.
   *
   * @throws as {@link encode}.
   */
  encodeGuarded(text: string, standIns: StandIns): Int32Array {
    return Int32Array.from(this.#model.encodeGuarded(text, standIns));
  }

  /** Ids and mask of several texts, padded to one length. @throws as {@link encode}. */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions): PaddedRows {
    const { paddingSide, padTo, ...encodeOptions } = options;
    const rows = texts.map((text) => this.encode(text, encodeOptions));
    const length = padTo === undefined ? {} : { length: padTo };
    return padRows(rows, { side: paddingSide, fillId: this.fillId, ...length });
  }

  /**
   * Text of ids. Bytes that are no text become U+FFFD. No space is cleaned up: what was encoded
   * comes back, as far as the tokenizer's normalisation allows.
   *
   * @throws if an id is not in the vocabulary.
   */
  decode(ids: ArrayLike<number>, { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const tokens: string[] = [];
    for (const id of Array.from(ids)) {
      const token = this.tokenOf(id);
      if (!skipSpecialTokens || !this.specialIds.has(id)) tokens.push(token);
    }
    return this.#decode(tokens);
  }

  /** The token of an id, as the vocabulary writes it. @throws if there is none. */
  tokenOf(id: number): string {
    const token = this.#tokens.get(id);
    if (token !== undefined) return token;
    throw new Error(
      `tokenizer: expected an id of the vocabulary, below ${this.vocabSize}, got ${id}. Ids beyond ` +
        "it are spare rows of a model's embedding: keep the sampler from them.",
    );
  }

  /** The id of a token as the vocabulary writes it, undefined if there is none. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }
}

function truncated(ids: number[], kept: number, side: Side = "right"): number[] {
  if (ids.length <= kept) return ids;
  return side === "right" ? ids.slice(0, kept) : ids.slice(ids.length - kept);
}
