/** Rows of token ids, made elsewhere; taken as they are, with nothing added. */
import { booleanField, has, idsField, type RawRow } from "./fields.ts";
import { plainShape, type RowShape } from "./format.ts";

const NAMES = {
  prompt: ["promptIds", "prompt_ids"],
  chosen: ["chosenIds", "chosen_ids"],
  rejected: ["rejectedIds", "rejected_ids"],
  completion: ["completionIds", "completion_ids"],
} as const;

const PAIRS = plainShape(
  {
    format: "tokenized",
    kind: "tokenized-preference",
    fields: "promptIds, chosenIds, rejectedIds",
    matches: (row) => hasOne(row, NAMES.chosen) && hasOne(row, NAMES.rejected),
  },
  (row, meta) => ({
    promptIds: ids(row, NAMES.prompt),
    chosenIds: ids(row, NAMES.chosen),
    rejectedIds: ids(row, NAMES.rejected),
    meta,
  }),
);

const UNPAIRED = plainShape(
  {
    format: "tokenized",
    kind: "tokenized-unpaired",
    fields: "promptIds, completionIds, label",
    matches: (row) => hasOne(row, NAMES.completion) && has(row, "label"),
  },
  (row, meta) => ({
    promptIds: ids(row, NAMES.prompt),
    completionIds: ids(row, NAMES.completion),
    label: booleanField(row, "label"),
    meta,
  }),
);

/** The shapes of rows of ids. */
export const TOKENIZED: readonly RowShape[] = [PAIRS, UNPAIRED];

type Spellings = readonly [string, string];

function hasOne(row: RawRow, [name, other]: Spellings): boolean {
  return has(row, name) || has(row, other);
}

function ids(row: RawRow, [name, other]: Spellings): readonly number[] {
  return idsField(row, has(row, other) ? other : name);
}
