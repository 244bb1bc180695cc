/** Rows of token ids, made elsewhere; taken as they are, with nothing added. */
import { booleanField, has, idsField, listField, type RawRow, score } from "./fields.ts";
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
    meta: { ...meta, ...score(row, "margin", "margin") },
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

const RANKED = plainShape(
  {
    format: "tokenized",
    kind: "tokenized-ranked",
    fields: "promptIds, completionIds: lists of ids, best first",
    matches: (row) => NAMES.completion.some((name) => isListOfLists(row[name])),
  },
  (row, meta) => ({
    promptIds: ids(row, NAMES.prompt),
    completionIds: listField(row, nameIn(row, NAMES.completion)).map((list, i) =>
      idsField({ [`completionIds[${i}]`]: list }, `completionIds[${i}]`),
    ),
    meta,
  }),
);

/** The shapes of rows of ids. */
export const TOKENIZED: readonly RowShape[] = [PAIRS, RANKED, UNPAIRED];

type Spellings = readonly [string, string];

function hasOne(row: RawRow, [name, other]: Spellings): boolean {
  return has(row, name) || has(row, other);
}

function nameIn(row: RawRow, [name, other]: Spellings): string {
  return has(row, other) ? other : name;
}

function ids(row: RawRow, names: Spellings): readonly number[] {
  return idsField(row, nameIn(row, names));
}

function isListOfLists(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((list) => Array.isArray(list));
}
