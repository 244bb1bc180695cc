/**
 * Reads JSON lines, one row at a time, so that the file may be larger than memory. Errors name the
 * file and the line. What a row must hold is up to the caller.
 */
import { createReadStream } from "node:fs";
import { CommandError } from "./errors.ts";

/** A row of a file. */
export interface JsonlRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** `rows.jsonl:3`, for messages. */
  readonly where: string;
}

/** Longest line, bytes: more is no row but a damaged or other kind of file. */
const MAX_LINE = 2 ** 27;

const LINE_FEED = 0x0a;

/**
 * The rows of a file. Lines end in LF or CRLF; empty ones and a byte order mark are skipped.
 * @throws CommandError naming file and line, for text that is not UTF-8 and rows that are no objects
 */
export async function* readJsonl(path: string): AsyncGenerator<JsonlRow> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  for await (const line of readLines(path)) {
    const where = `${path}:${++number}`;
    let text: string;
    try {
      // The decoder drops a byte order mark at the start of what it is given, which is one line.
      text = decoder.decode(line);
    } catch {
      throw new CommandError(
        `${where}: expected UTF-8, got other bytes. Convert the file, or repair the line.`,
      );
    }
    if (text.trim() !== "") yield { value: parseRow(text, where), where };
  }
}

function parseRow(text: string, where: string): JsonlRow["value"] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `${where}: expected a JSON object on one line, got "${excerpt(text)}" (${reason}).`,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonlRow["value"];
  }
  throw new CommandError(`${where}: expected a JSON object, got ${excerpt(text)}.`);
}

/** Lines as bytes, without the line feed. */
async function* readLines(path: string): AsyncGenerator<Uint8Array> {
  let pending: Buffer[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      length = 0;
      start = end + 1;
      number++;
    }
    pending.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MAX_LINE) {
      throw new CommandError(
        `${path}:${number}: expected lines of at most ${MAX_LINE} bytes, got a longer one. Is the ` +
          "file JSON lines, one object per line?",
      );
    }
  }
  if (length > 0) yield Buffer.concat(pending);
}

function excerpt(text: string): string {
  const line = text.trim();
  return line.length > 60 ? `${line.slice(0, 60)}...` : line;
}
