/** Rows of a data set on disk, whatever its files are. What the rows mean is in ../formats. */
import type { TransferOptions } from "@preflab/lm";
import { csvRows } from "../sources/csv.ts";
import { type JsonOptions, jsonArray, jsonLines } from "../sources/json-rows.ts";
import type { SourceItem } from "../sources/row.ts";
import { type DataFile, dataFiles } from "./data-files.ts";
import { imdbFolderRows, imdbFolders } from "./imdb-folder.ts";
import { locate } from "./locate.ts";
import { firstBytes, openBytes } from "./open-bytes.ts";
import { parquetRows } from "./parquet.ts";

/** Options of {@link readRows}. */
export interface ReadOptions extends JsonOptions {
  /** Only this part of a folder, such as "train", by the names of its files. */
  readonly split?: string;
  /** How data sets are fetched from the Hugging Face Hub. */
  readonly hub?: TransferOptions;
}

const PARQUET = [..."PAR1"].map((letter) => letter.charCodeAt(0));
const OPEN_ARRAY = 0x5b;
const BLANKS = new Set([0x20, 0x09, 0x0d, 0x0a, 0xef, 0xbb, 0xbf]);

/**
 * Rows of a data set, one at a time. Files are JSON Lines, a JSON array, CSV, TSV (each also
 * gzipped), parquet, or IMDb's folders of reviews. Rows are numbered through all files of a folder,
 * which come in the order of their names. Bad rows are problems in their place; a file that breaks
 * off is a problem where it does.
 *
 * @param name a path, or `ORG/NAME[/FOLDER][@REVISION]` on the Hugging Face Hub; either may end in
 *   `:PART`, such as `:train`
 * @throws DataError where there is no data; errors of the file system as they are
 */
export async function* readRows(
  name: string,
  options: ReadOptions = {},
): AsyncGenerator<SourceItem> {
  const { path, split = options.split } = await locate(name, options.hub);
  const folders = await imdbFolders(path);
  if (folders.length > 0) {
    yield* imdbFolderRows(folders.filter((folder) => !split || folder.split === split));
    return;
  }
  let first = 0;
  const files = await dataFiles(path, split);
  // One part is no part: nothing can be in two of them.
  const parts = new Set(files.map(({ split }) => split)).size;
  for (const file of files) {
    let next = first;
    for await (const item of await rowsOf(file, options)) {
      const row = first + item.row;
      next = item.kind === "row" || item.severity === "error" ? row + 1 : next;
      const known = item.kind === "row" && parts > 1 && file.split !== undefined;
      yield { ...item, row, ...(known && { split: file.split }) };
    }
    first = next;
  }
}

async function rowsOf(
  { path }: DataFile,
  options: ReadOptions,
): Promise<AsyncGenerator<SourceItem>> {
  const head = await firstBytes(path, PARQUET.length);
  if (PARQUET.every((byte, i) => head[i] === byte)) return parquetRows(path, path);
  const name = path.toLowerCase().replace(/\.gz$/, "");
  const chunks = openBytes(path);
  if (name.endsWith(".csv")) return csvRows(path, chunks, ",", options);
  if (name.endsWith(".tsv")) return csvRows(path, chunks, "\t", options);
  return jsonRows(path, chunks, options);
}

/** Rows of JSON in either form, told by what comes first. */
async function* jsonRows(
  path: string,
  chunks: AsyncGenerator<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<SourceItem> {
  const first = await chunks.next().catch((error: unknown) => ({ error }));
  const replayed = replay(first, chunks);
  const byte =
    "value" in first ? first.value?.find((next: number) => !BLANKS.has(next)) : undefined;
  yield* byte === OPEN_ARRAY
    ? jsonArray(path, replayed, options)
    : jsonLines(path, replayed, options);
}

/** A stream again after its first chunk, or first error, was looked at. */
async function* replay(
  first: IteratorResult<Uint8Array> | { readonly error: unknown },
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if ("error" in first) throw first.error;
  if (first.done) return;
  yield first.value;
  yield* rest;
}
