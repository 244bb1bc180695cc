/**
 * Bytes cut into lines, holding no more than one line. Knows nothing of what a line means; text is
 * decoded by the caller, line by line, so that one bad byte spoils one line.
 */

/** Longest line that is read by default, bytes. Preference rows are a hundredth of it. */
export const MAX_LINE_BYTES: number = 8 * 2 ** 20;

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** One line. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end; undefined where the line is longer than allowed. */
  readonly bytes: Uint8Array | undefined;
  /** Whether it ended with a carriage return and a newline. */
  readonly crlf: boolean;
}

/**
 * Lines of a stream of bytes. The last line needs no newline; where the stream throws, what was
 * left of a line is dropped.
 *
 * @param maxBytes longer lines come without their bytes, which are never held
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line> {
  const rest = new Pieces(maxBytes);
  let number = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      rest.add(chunk.subarray(start, end));
      yield lineOf(number++, rest.take());
      start = end + 1;
    }
    rest.add(chunk.subarray(start));
  }
  if (rest.length > 0) yield lineOf(number, rest.take());
}

function lineOf(number: number, bytes: Uint8Array | undefined): Line {
  const crlf = bytes?.at(-1) === CARRIAGE_RETURN;
  return { number, bytes: crlf ? bytes?.subarray(0, -1) : bytes, crlf };
}

/** Parts of something that chunks cut through, up to a limit. */
export class Pieces {
  /** Bytes added since the last `take`. */
  length = 0;
  #parts: Uint8Array[] = [];
  readonly #maxBytes: number;

  /** @param maxBytes beyond it, bytes are counted and dropped */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a part; the bytes are not copied before `take`. */
  add(part: Uint8Array): void {
    if (part.length === 0) return;
    this.length += part.length;
    if (this.length <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  /** All bytes added, undefined where they were too many; begins anew. */
  take(): Uint8Array | undefined {
    const { length } = this;
    const parts = this.#parts;
    this.length = 0;
    this.#parts = [];
    if (length > this.#maxBytes) return undefined;
    if (parts.length === 1) return parts[0] as Uint8Array;
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }
}
