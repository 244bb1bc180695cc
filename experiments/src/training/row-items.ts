/**
 * What readers of training data have in common that take rows of ids beside examples: a look at the
 * first row, rows made of others with what is wrong in the place of bad ones, and their refusal.
 */
import { DataError, describeProblem, type Problem, readRows, type SourceItem } from "@preflab/data";
import type { ModelConfig } from "@preflab/lm";

/** Bad rows that a message shows. */
const LISTED = 5;

/** Errors about one row, by name: several packages and files have their own. */
const ROW_ERRORS: ReadonlySet<string> = new Set(["RowError", "ChatTemplateError"]);

/** What a row became, or what is wrong in its place. */
export type Item<Row> =
  | { readonly row: Row }
  | { readonly problem: string; readonly isError: boolean };

/** What is wrong with a row; bears the name that the data package's own errors of rows have. */
export class RowError extends Error {
  override readonly name = "RowError";
}

/** The rows of a data set, after its first row was looked at. */
export async function rowsWithFirst(path: string): Promise<{
  /** Undefined where there is none. */
  readonly first: SourceItem | undefined;
  readonly rows: AsyncGenerator<SourceItem>;
}> {
  const source = readRows(path);
  const head: SourceItem[] = [];
  for (let isRow = false; !isRow; ) {
    const { value, done } = await source.next();
    if (done) break;
    head.push(value);
    isRow = value.kind === "row";
  }
  return { first: head.at(-1), rows: concatenated(head, source) };
}

/** What `make` makes of the row at a place, or the error about the row that it throws. */
export function made<Row>(
  { file, line, row }: Pick<Problem, "file" | "line" | "row">,
  make: () => Row,
): Item<Row> {
  try {
    return { row: make() };
  } catch (error) {
    if (!(error instanceof Error) || !ROW_ERRORS.has(error.name)) throw error;
    return { problem: `${file}:${line ?? `row ${row}`}: ${error.message}`, isError: true };
  }
}

/** A row that could not be read. */
export function bad(problem: Problem): Item<never> {
  return { problem: describeProblem(problem), isError: problem.severity === "error" };
}

/** The error of a data set with bad rows: the first few, how many there are and what can be done. */
export function badRows(path: string, problems: readonly string[]): DataError {
  const shown = problems.slice(0, LISTED);
  const more = problems.length > LISTED ? [`... and ${problems.length - LISTED} more`] : [];
  const message =
    `${path}: expected no malformed rows, got ${problems.length}. Mend them, or leave them out ` +
    "with data.onError: drop.";
  return new DataError([message, ...shown, ...more].join("\n  "));
}

/** @throws DataError for ids that the model has not, which a tokenizer of another model gives */
export function requireKnownIds(
  path: string,
  ids: Int32Array,
  { vocabSize }: Pick<ModelConfig, "vocabSize">,
): void {
  const outside = ids.find((id) => id >= vocabSize);
  if (outside === undefined) return;
  throw new DataError(
    `${path}: expected tokens below the model's ${vocabSize}, got ${outside} from the tokenizer. ` +
      "Check that tokenizer and model belong together.",
  );
}

async function* concatenated<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* rest;
}
