/**
 * Rows of JSON Lines and of one JSON array. Reads a stream of bytes row by row; a bad row becomes
 * a problem and reading goes on. Files and compression are in ../io.
 */
import { type Element, splitArray } from "./json-array.ts";
import { type Line, MAX_LINE_BYTES, splitLines } from "./lines.ts";
import { BrokenSource, type ProblemCode, reporter, type SourceItem } from "./row.ts";

/** Options of the readers of JSON. */
export interface JsonOptions {
  /** Longest row, bytes; longer ones are problems. Default {@link MAX_LINE_BYTES}. */
  readonly maxLineBytes?: number;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Rows of JSON Lines. Empty lines are no rows.
 *
 * @param file name for problems
 */
export async function* jsonLines(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = MAX_LINE_BYTES }: JsonOptions = {},
): AsyncGenerator<SourceItem> {
  const report = reporter(file);
  let row = 0;
  let line = 0;
  let crlf = false;
  try {
    for await (const next of splitLines(chunks, maxLineBytes)) {
      line = next.number;
      if (line === 1 && hasByteOrderMark(next.bytes)) yield report(...byteOrderMark(row));
      if (next.crlf && !crlf) {
        crlf = true;
        const message = "lines end with CR LF, from this one on. It does no harm here.";
        yield report("crlf", row, line, message);
      }
      const item = itemOf(file, row, next, maxLineBytes);
      if (item === undefined) continue;
      yield item;
      row++;
    }
  } catch (error) {
    if (!(error instanceof BrokenSource)) throw error;
    yield report(error.code, row, line + 1, error.message);
  }
}

/**
 * Rows of one JSON array, the elements. Holds one element at a time.
 *
 * @param file name for problems
 */
export async function* jsonArray(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = MAX_LINE_BYTES }: JsonOptions = {},
): AsyncGenerator<SourceItem> {
  const report = reporter(file);
  let row = 0;
  let last: Element | undefined;
  try {
    for await (const element of splitArray(chunks, maxLineBytes)) {
      if (element.byteOrderMark) yield report(...byteOrderMark(row));
      last = element;
      const item = itemOf(file, row, element, maxLineBytes);
      if (item !== undefined) yield item;
      else yield report("invalid_json", row, element.number, "expected an element, got none.");
      row++;
    }
  } catch (error) {
    if (!(error instanceof BrokenSource)) throw error;
    yield report(error.code, row, last?.number ?? 1, error.message);
  }
}

function byteOrderMark(row: number): [ProblemCode, number, number, string] {
  return ["byte_order_mark", row, 1, "the file begins with a byte order mark, which is skipped."];
}

function hasByteOrderMark(bytes: Uint8Array | undefined): boolean {
  return BYTE_ORDER_MARK.every((byte, i) => bytes?.[i] === byte);
}

/** The row that some bytes hold, what is wrong with them, or undefined where they are blank. */
function itemOf(
  file: string,
  row: number,
  { bytes, number: line }: Pick<Line, "bytes" | "number">,
  maxBytes: number,
): SourceItem | undefined {
  const report = reporter(file);
  if (bytes === undefined) {
    const message = `expected a row of at most ${maxBytes} bytes, got a longer one.`;
    return report("line_too_long", row, line, message);
  }
  const text = decode(bytes);
  if (text === undefined) {
    return report("invalid_utf8", row, line, "expected UTF-8, got other bytes. Convert the file.");
  }
  if (text.trim() === "") return undefined;
  try {
    return { kind: "row", file, row, line, value: JSON.parse(text) };
  } catch (error) {
    const message = `expected JSON, got text that is none: ${(error as Error).message}`;
    return report("invalid_json", row, line, message);
  }
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Text of UTF-8 without a byte order mark, undefined where the bytes are not UTF-8. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
