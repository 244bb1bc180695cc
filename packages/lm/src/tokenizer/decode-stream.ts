/** Text of ids that arrive one by one, in pieces that together are the text of all of them. */
import type { DecodeOptions, Tokenizer } from "./tokenizer.ts";

/**
 * Decodes a growing sequence. A piece is held back while its last character may be incomplete: one
 * character can take several tokens. Only the tokens since the last piece are decoded again.
 */
export class DecodeStream {
  readonly #tokenizer: Tokenizer;
  readonly #skip: boolean;
  /** Tokens of the last piece, which decide on spaces before the next, then those after them. */
  #window: number[] = [];
  #shown = 0;

  constructor(tokenizer: Tokenizer, { skipSpecialTokens = false }: DecodeOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#skip = skipSpecialTokens;
  }

  /** Text that this id completes, often "". @throws if the id is not in the vocabulary. */
  push(id: number): string {
    this.#tokenizer.tokenOf(id);
    if (this.#skip && this.#tokenizer.specialIds.has(id)) return "";
    this.#window.push(id);
    const text = this.#tokenizer.decode(this.#window);
    if (text.endsWith("\ufffd")) return "";
    const piece = text.slice(this.#textLength());
    this.#window = this.#window.slice(this.#shown);
    this.#shown = this.#window.length;
    return piece;
  }

  /** What was held back, as it is: U+FFFD for bytes that never became a character. */
  end(): string {
    const piece = this.#tokenizer.decode(this.#window).slice(this.#textLength());
    this.#window = [];
    this.#shown = 0;
    return piece;
  }

  /** Length of the text already given out of the window. */
  #textLength(): number {
    return this.#tokenizer.decode(this.#window.slice(0, this.#shown)).length;
  }
}
