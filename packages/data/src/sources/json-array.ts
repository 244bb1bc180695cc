/**
 * One JSON array cut into its elements, holding no more than one. It follows strings and brackets
 * only; whether an element is JSON is for the caller to find out.
 */
import { Pieces } from "./lines.ts";
import { BrokenSource } from "./row.ts";

/** One element. */
export interface Element {
  /** Line where it begins, from 1. */
  readonly number: number;
  /** Undefined where the element is longer than allowed. */
  readonly bytes: Uint8Array | undefined;
  /** Whether it is the first and a byte order mark came before the array. */
  readonly byteOrderMark: boolean;
}

const [NEWLINE, QUOTE, COMMA, BACKSLASH] = [0x0a, 0x22, 0x2c, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const BLANKS = new Set([0x20, 0x09, 0x0d, NEWLINE]);
const BYTE_ORDER_MARK = new Set([0xef, 0xbb, 0xbf]);

/**
 * Elements of an array.
 *
 * @param maxBytes longer elements come without their bytes, which are never held
 * @throws BrokenSource where the array does not begin, does not end, or something follows it
 */
export async function* splitArray(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Element> {
  const cutter = new Cutter(maxBytes);
  for await (const chunk of chunks) yield* cutter.cut(chunk);
  cutter.finish();
}

class Cutter {
  #state: "before" | "inside" | "after" = "before";
  #depth = 0;
  #inString = false;
  #escaped = false;
  #line = 1;
  #firstLine = 0;
  #elements = 0;
  #byteOrderMark = false;
  readonly #rest: Pieces;

  constructor(maxBytes: number) {
    this.#rest = new Pieces(maxBytes);
  }

  *cut(chunk: Uint8Array): Generator<Element> {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === NEWLINE) this.#line++;
      if (this.#state !== "inside") {
        this.#outside(byte);
        start = i + 1;
      } else if (this.#endsElement(byte)) {
        this.#rest.add(chunk.subarray(start, i));
        yield* this.#element(byte);
        start = i + 1;
      }
    }
    if (this.#state === "inside") this.#rest.add(chunk.subarray(start));
  }

  finish(): void {
    if (this.#state === "after") return;
    throw new BrokenSource(
      "truncated_file",
      this.#state === "before"
        ? "expected a JSON array, got nothing."
        : "expected the array to end with ], got the end of the file. A string or bracket may be open.",
    );
  }

  #outside(byte: number): void {
    if (BLANKS.has(byte)) return;
    if (this.#state === "before" && byte === OPEN_ARRAY) this.#state = "inside";
    else if (this.#state === "before" && BYTE_ORDER_MARK.has(byte)) this.#byteOrderMark = true;
    else {
      const expected = this.#state === "before" ? "[" : "nothing";
      throw new BrokenSource(
        "corrupt_file",
        `expected ${expected} ${this.#state} the array, got byte ${byte} in line ${this.#line}.`,
      );
    }
  }

  /** Follows strings and brackets; true at the comma or bracket that ends an element. */
  #endsElement(byte: number): boolean {
    if (this.#firstLine === 0 && !BLANKS.has(byte)) this.#firstLine = this.#line;
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY)) return true;
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#depth--;
    return false;
  }

  *#element(end: number): Generator<Element> {
    const last = end === CLOSE_ARRAY;
    const bytes = this.#rest.take();
    const empty = bytes?.every((byte) => BLANKS.has(byte)) ?? false;
    if (!(last && empty && this.#elements === 0)) {
      const byteOrderMark = this.#byteOrderMark && this.#elements === 0;
      yield { number: this.#firstLine || this.#line, bytes, byteOrderMark };
    }
    this.#elements++;
    this.#firstLine = 0;
    if (last) this.#state = "after";
  }
}
