/**
 * Rows of comma- or tab-separated values (RFC 4180) with a header. Cuts bytes into records, holding
 * no more than one, and decodes record by record, so that one bad record costs one row; readers
 * that resynchronise on their own were seen to lose rows without a word.
 */
import { decode, type JsonOptions } from "./json-rows.ts";
import { MAX_LINE_BYTES, Pieces } from "./lines.ts";
import { BrokenSource, reporter, type SourceItem } from "./row.ts";

const [NEWLINE, CARRIAGE_RETURN, QUOTE] = [10, 13, 34];

/** One record, undecoded. */
interface CsvRecord {
  /** Line where it begins, from 1. */
  readonly number: number;
  /** Undefined where the record is longer than allowed. */
  readonly bytes: Uint8Array | undefined;
  /** Whether the file ended within quotes. */
  readonly open: boolean;
}

/**
 * Rows of a CSV file as objects of strings, keyed by the names in the first record. Empty lines are
 * no rows; what is between quotes may have line ends.
 *
 * @param file name for problems
 * @param delimiter one ASCII character, a comma or a tab
 */
export async function* csvRows(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  delimiter: "," | "\t",
  { maxLineBytes = MAX_LINE_BYTES }: JsonOptions = {},
): AsyncGenerator<SourceItem> {
  const report = reporter(file);
  let names: readonly string[] | undefined;
  let row = 0;
  let line = 0;
  try {
    for await (const { number, bytes, open } of splitRecords(chunks, delimiter, maxLineBytes)) {
      line = number;
      const text = bytes && decode(bytes);
      if (text === "") continue;
      const fields = text === undefined || open ? undefined : fieldsOf(text, delimiter);
      if (bytes === undefined) {
        const message = `expected a record of at most ${maxLineBytes} bytes, got a longer one. A quote may be open.`;
        yield report("line_too_long", row++, line, message);
      } else if (text === undefined) {
        yield report("invalid_utf8", row++, line, "expected UTF-8, got other bytes.");
      } else if (fields === undefined) {
        const message = 'expected quotes around whole fields, doubled inside, got a stray ".';
        yield report("invalid_csv", row++, line, message);
        // Without names, the next record would be taken for them.
        if (names === undefined) return;
      } else if (names === undefined) {
        names = fields;
      } else if (fields.length !== names.length) {
        const message = `expected ${names.length} fields (${names.join(", ")}), got ${fields.length}.`;
        yield report("invalid_csv", row++, line, message);
      } else {
        const value = Object.fromEntries(names.map((name, i) => [name, fields[i]]));
        yield { kind: "row", file, row: row++, line, value };
      }
    }
  } catch (error) {
    if (!(error instanceof BrokenSource)) throw error;
    yield report(error.code, row, line + 1, error.message);
  }
}

/** Records of a stream of bytes; a quote counts only at the beginning of a field. */
async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
  maxBytes: number,
): AsyncGenerator<CsvRecord> {
  const separator = delimiter.charCodeAt(0);
  const rest = new Pieces(maxBytes);
  let line = 1;
  let firstLine = 1;
  let quoted = false;
  let atFieldStart = true;
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (byte === NEWLINE) line++;
      if (byte === QUOTE && (quoted || atFieldStart)) quoted = !quoted;
      // After a closing quote, another one is a doubled quote and opens again.
      atFieldStart = byte === separator || byte === NEWLINE || (byte === QUOTE && !quoted);
      if (byte !== NEWLINE || quoted) continue;
      rest.add(chunk.subarray(start, i));
      yield { number: firstLine, bytes: withoutReturn(rest.take()), open: false };
      start = i + 1;
      firstLine = line;
    }
    rest.add(chunk.subarray(start));
  }
  if (rest.length > 0) {
    yield { number: firstLine, bytes: withoutReturn(rest.take()), open: quoted };
  }
}

function withoutReturn(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes?.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
}

/** Fields of one record, undefined where its quotes do not enclose whole fields. */
function fieldsOf(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text[at] === '"';
    const end = quoted ? closingQuote(text, at) + 1 : endOfField(text, at, delimiter);
    if (quoted && end === 0) return undefined;
    const field = text.slice(at, end);
    if (!quoted && field.includes('"')) return undefined;
    fields.push(quoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === text.length) return fields;
    if (text[end] !== delimiter) return undefined;
    at = end + 1;
  }
}

function endOfField(text: string, start: number, delimiter: string): number {
  const end = text.indexOf(delimiter, start);
  return end < 0 ? text.length : end;
}

/** Where the quote that ends the field is; -1 where none does. */
function closingQuote(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}
