/**
 * The folders that IMDb reviews are published in: `pos/12_9.txt` is review 12 with rating 9. Reads
 * one review at a time, in the order of part, class and number.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "../sources/json-rows.ts";
import { reporter, type SourceItem } from "../sources/row.ts";

/** One folder of reviews that have a label. */
interface ClassFolder {
  readonly path: string;
  readonly label: 0 | 1;
  readonly split: string | undefined;
}

const CLASSES = [
  ["neg", 0],
  ["pos", 1],
] as const;

/** The labelled folders of a published data set or of one part of it; none for other folders. */
export async function imdbFolders(root: string): Promise<readonly ClassFolder[]> {
  const names = new Set(await readdir(root).catch(() => []));
  const parts = ["train", "test"].filter((part) => names.has(part));
  const roots = [
    { path: root, split: undefined },
    ...parts.map((part) => ({ path: join(root, part), split: part })),
  ];
  const found = await Promise.all(
    roots.map(async ({ path, split }) => {
      const inside = new Set(await readdir(path).catch(() => []));
      if (!inside.has("pos") || !inside.has("neg")) return [];
      return CLASSES.map(([name, label]) => ({ path: join(path, name), label, split }));
    }),
  );
  return found.flat();
}

/** Rows `{id, text, label, rating}`. Files that are no reviews are passed over. */
export async function* imdbFolderRows(folders: readonly ClassFolder[]): AsyncGenerator<SourceItem> {
  let row = 0;
  for (const { path, label, split } of folders) {
    const reviews = (await readdir(path)).flatMap((name) => {
      const [, id, rating] = /^(\d+)_(\d+)\.txt$/.exec(name) ?? [];
      return id === undefined ? [] : [{ name, id: Number(id), rating: Number(rating) }];
    });
    reviews.sort((a, b) => a.id - b.id || a.rating - b.rating);
    for (const { name, id, rating } of reviews) {
      const file = join(path, name);
      const text = decode(await readFile(file));
      const part = split === undefined ? {} : { split };
      const value = { id, text, label, rating };
      yield text === undefined
        ? reporter(file)("invalid_utf8", row, 1, "expected UTF-8, got other bytes.")
        : { kind: "row", file, row, ...part, value };
      row++;
    }
  }
}
