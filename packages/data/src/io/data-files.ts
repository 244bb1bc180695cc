/** The files of a data set: one file, the data files of a folder, or published IMDb folders. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { DataError } from "../errors.ts";

/** One file of a data set. */
export interface DataFile {
  readonly path: string;
  /** Part of the data set by its name, such as "train"; absent where names do not tell. */
  readonly split?: string;
}

const EXTENSION = /\.(jsonl|ndjson|json|csv|tsv)(\.gz)?$|\.parquet$/;

/** Other names of the three usual parts. */
const SPLITS: ReadonlyMap<string, string> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["test", "test"],
  ["validation", "validation"],
  ["valid", "validation"],
  ["val", "validation"],
  ["dev", "validation"],
]);

/** Whether a path has the name of a file of data. */
export function isDataFile(path: string): boolean {
  return EXTENSION.test(path);
}

/**
 * The files of a data set, in the order of their names.
 *
 * @param path a file or a folder, which is there
 * @param split only files of this part
 * @throws DataError where nothing in it is data
 */
export async function dataFiles(path: string, split?: string): Promise<readonly DataFile[]> {
  const all = (await stat(path)).isDirectory()
    ? await filesOf(path)
    : [withSplit(path, basename(path))];
  const files = all.filter((file) => split === undefined || file.split === split);
  if (files.length > 0) return files;
  const splits = [...new Set(all.map((file) => file.split ?? "none"))].join(", ");
  const expected = split === undefined ? "data files" : `data files of "${split}"`;
  throw new DataError(
    `${path}: expected ${expected} (.jsonl, .json, .csv, .tsv, each also .gz, or .parquet), got ` +
      `${all.length === 0 ? "none" : `parts ${splits}`}.`,
  );
}

/** Name of the part that a path's words tell; the innermost word counts. */
function splitOf(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return words.map((word) => SPLITS.get(word)).findLast((split) => split !== undefined);
}

async function filesOf(folder: string): Promise<readonly DataFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // The Hub's cache is made of links.
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, segments: relative(folder, path).split(sep) }))
    .filter(({ path, segments }) => isDataFile(path) && !segments.some(isHidden))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, segments }) => withSplit(path, segments.join("/")));
}

function isHidden(name: string): boolean {
  return name.startsWith(".");
}

function withSplit(path: string, name: string): DataFile {
  const split = splitOf(name);
  return { path, ...(split !== undefined && { split }) };
}
