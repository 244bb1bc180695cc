/**
 * Film reviews with their sentiment (Maas et al. 2011): the JSON Lines, parquet and CSV forms, and
 * what ../io/imdb-folder.ts makes of the published folders.
 */
import { has, numberField, type RawRow, score, stringField, wrongType } from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";

const CLASSES: ReadonlyMap<string, number> = new Map([
  ["neg", 0],
  ["negative", 0],
  ["pos", 1],
  ["positive", 1],
]);

/** Rows `{text, label}`; label 1 or "pos" is positive, 0 or "neg" negative. */
const TEXT_LABEL = plainShape(
  {
    format: "imdb",
    kind: "labeled",
    fields: "text, label: 0, 1, neg or pos",
    matches: (row) => has(row, "text", "label"),
  },
  (row, meta) => ({
    text: stringField(row, "text"),
    label: labelOf(row, "label"),
    meta: { ...meta, ...score(row, "score", "rating") },
  }),
);

/** Rows `{review, sentiment}`, as the CSV has them. */
const REVIEW_SENTIMENT = plainShape(
  {
    format: "imdb",
    kind: "labeled",
    fields: "review, sentiment: negative or positive",
    matches: (row) => has(row, "review", "sentiment"),
  },
  (row, meta) => ({ text: stringField(row, "review"), label: labelOf(row, "sentiment"), meta }),
);

/** The shapes of IMDb. */
export const IMDB: readonly RowShape<"labeled">[] = [TEXT_LABEL, REVIEW_SENTIMENT];

function labelOf(row: RawRow, name: string): number {
  const value = row[name];
  const label = typeof value === "string" ? CLASSES.get(value.trim().toLowerCase()) : undefined;
  const number = label ?? numberField(row, name);
  if (number === 0 || number === 1) return number;
  throw wrongType(name, "0, 1, neg or pos; unlabelled reviews have another", value);
}
