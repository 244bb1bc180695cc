/**
 * Rows of ids made elsewhere: `{ids, completionMask?}` or `{promptIds, completionIds}`. Nothing is
 * added to them.
 */
import type { SourceItem } from "@preflab/data";
import type { ModelConfig, TokenRow } from "@preflab/lm";
import { RowError } from "./row-items.ts";

type Row = Readonly<Record<string, unknown>>;

/** Whether a row is one of ids, by its fields. */
export function isTokenized(item: SourceItem | undefined): boolean {
  if (item?.kind !== "row" || !isRow(item.value)) return false;
  return "ids" in item.value || "completionIds" in item.value;
}

/** The row of an object. @throws RowError saying what is wrong with it */
export function tokenizedRow(value: unknown, { vocabSize }: ModelConfig): TokenRow {
  if (!isRow(value)) throw new RowError("expected a row to be an object.");
  if ("ids" in value && !("completionIds" in value)) {
    const ids = idsOf(value, "ids", vocabSize);
    if ((value["completionMask"] ?? null) === null) return { ids };
    return { ids, completionMask: maskOf(value, ids.length) };
  }
  if (!("ids" in value) && "completionIds" in value && "promptIds" in value) {
    const prompt = idsOf(value, "promptIds", vocabSize);
    const completion = idsOf(value, "completionIds", vocabSize);
    const ids = new Int32Array(prompt.length + completion.length);
    ids.set(prompt);
    ids.set(completion, prompt.length);
    return { ids, completionMask: new Uint8Array(ids.length).fill(1, prompt.length) };
  }
  const fields = Object.keys(value).join(", ") || "none";
  throw new RowError(
    `expected fields ids and completionMask, or promptIds and completionIds, got ${fields}.`,
  );
}

export function idsOf(row: Row, key: string, vocabSize: number): Int32Array {
  const list = listOf(row, key);
  const wrong = list.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
  if (wrong === undefined) return Int32Array.from(list);
  throw new RowError(`expected ${key} to be ids below the model's ${vocabSize}, got ${wrong}.`);
}

function maskOf(row: Row, length: number): Uint8Array {
  const list = listOf(row, "completionMask");
  if (list.length !== length) {
    throw new RowError(`expected a completionMask of ${length} tokens, got ${list.length}.`);
  }
  const wrong = list.find((x) => x !== 0 && x !== 1);
  if (wrong === undefined) return Uint8Array.from(list);
  throw new RowError(`expected completionMask to be of 0 and 1, got ${wrong}.`);
}

function listOf(row: Row, key: string): readonly number[] {
  const list = row[key];
  if (Array.isArray(list) && list.every((x) => typeof x === "number")) return list;
  const shown = (JSON.stringify(list) ?? "nothing").slice(0, 60);
  throw new RowError(`expected ${key} to be a list of numbers, got ${shown}.`);
}

export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
