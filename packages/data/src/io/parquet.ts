/**
 * Rows of parquet files, one row group at a time: memory holds one, whatever the size of the file.
 * Writers in use make groups of 1,000 to 100,000 rows.
 */
import { open, stat } from "node:fs/promises";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { decode } from "../sources/json-rows.ts";
import { reporter, type SourceItem } from "../sources/row.ts";

/** Text of a file that is not UTF-8. */
class InvalidText {
  toJSON(): string {
    return "invalid UTF-8";
  }
}

/**
 * Rows of a parquet file, by column name. Integers become numbers.
 *
 * @param file name for problems
 */
export async function* parquetRows(file: string, path: string): AsyncGenerator<SourceItem> {
  const buffer = await openBuffer(path);
  try {
    yield* rowsOf(file, buffer);
  } finally {
    await buffer.close();
  }
}

async function* rowsOf(file: string, buffer: AsyncBuffer): AsyncGenerator<SourceItem> {
  const report = reporter(file);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(buffer);
  } catch (error) {
    const message = `expected a parquet file, got one without a readable footer: ${(error as Error).message}`;
    yield report("truncated_file", 0, undefined, message);
    return;
  }
  let row = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = row + Number(group.num_rows);
    let values: readonly Record<string, unknown>[];
    try {
      values = await parquetReadObjects({
        file: buffer,
        metadata,
        rowStart: row,
        rowEnd,
        compressors,
        parsers: { stringFromBytes: textOrInvalid },
      });
    } catch (error) {
      const message = `expected rows ${row} to ${rowEnd - 1}, got damaged bytes: ${(error as Error).message}`;
      yield report("corrupt_file", row, undefined, message);
      row = rowEnd;
      continue;
    }
    for (const value of values) {
      const bad = invalidField(value);
      if (bad === undefined) yield { kind: "row", file, row, value: plain(value) };
      else
        yield report(
          "invalid_utf8",
          row,
          undefined,
          `expected ${bad} to be UTF-8, got other bytes.`,
        );
      row++;
    }
  }
}

/** A file in the form that the reader of parquet asks for. */
async function openBuffer(path: string): Promise<AsyncBuffer & { close(): Promise<void> }> {
  const { size } = await stat(path);
  const file = await open(path);
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const from = start < 0 ? size + start : start;
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - from));
      await file.read(bytes, 0, bytes.length, from);
      return bytes.buffer;
    },
    close: () => file.close(),
  };
}

function textOrInvalid(bytes: Uint8Array): string | InvalidText {
  return decode(bytes) ?? new InvalidText();
}

/** Name of the first field with text that is not UTF-8. */
function invalidField(row: Readonly<Record<string, unknown>>): string | undefined {
  const holds = (value: unknown): boolean =>
    value instanceof InvalidText ||
    (typeof value === "object" && value !== null && Object.values(value).some(holds));
  return Object.keys(row).find((name) => holds(row[name]));
}

/** The value with numbers for big integers, which JSON would have. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}
