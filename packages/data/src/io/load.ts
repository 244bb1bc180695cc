/**
 * Data sets for training: read to the end before anything starts, so that a bad row is found now
 * and not after an hour. A file with errors is refused unless bad rows are to be dropped, and then
 * the result says how many were.
 */
import { badRows, DataError } from "../errors.ts";
import { type AnyExample, type ExampleOptions, examples } from "../examples.ts";
import { RowError } from "../formats/fields.ts";
import type { FormatName } from "../formats/format.ts";
import { type Problem, reporter } from "../sources/row.ts";
import type { ExampleKind, ExampleKinds } from "../types.ts";
import { type ReadOptions, readRows } from "./read-rows.ts";

/** Most problems that are kept in full. */
const KEPT_PROBLEMS = 100;

/** Options of {@link loadExamples}. */
export interface LoadOptions extends ReadOptions, ExampleOptions {
  /** What bad rows do: "fail" (default) refuses the data set, "drop" leaves them out. */
  readonly onError?: "fail" | "drop";
}

/** What became of the rows of a data set. */
export interface LoadReport {
  /** Rows, bad ones too. */
  readonly rows: number;
  /** Bad rows that were left out; 0 unless `onError` is "drop". */
  readonly dropped: number;
  /** Rows that an option left out. */
  readonly leftOut: number;
  /** The first problems, warnings among them. */
  readonly problems: readonly Problem[];
}

/** Examples of one kind, all in memory. */
export interface LoadedOf<Kind extends ExampleKind> extends LoadReport {
  readonly kind: Kind;
  readonly format: FormatName;
  readonly examples: readonly ExampleKinds[Kind][];
}

/** Examples of any kind; `kind` tells which. */
export type LoadedExamples = { readonly [Kind in ExampleKind]: LoadedOf<Kind> }[ExampleKind];

/**
 * Reads all examples of a data set.
 *
 * @throws DataError where rows are bad and not to be dropped, or no example is left
 */
export async function loadExamples(
  path: string,
  options: LoadOptions = {},
): Promise<LoadedExamples> {
  const found: AnyExample["example"][] = [];
  let first: AnyExample | undefined;
  const report = await eachExample(path, options, (item) => {
    first ??= item;
    found.push(item.example);
  });
  if (first === undefined) throw noExamples(path, report);
  const { kind, format } = first;
  // All examples of a data set are of the kind of the first one.
  return { ...report, kind, format, examples: found } as LoadedExamples;
}

/**
 * Reads a data set to its end, then refuses bad rows or counts them.
 *
 * @param use may throw a RowError, which makes the row a bad one
 * @throws DataError where rows are bad and not to be dropped
 */
export async function eachExample(
  path: string,
  options: LoadOptions,
  use: (item: AnyExample) => void,
): Promise<LoadReport> {
  const problems: Problem[] = [];
  let rows = 0;
  let bad = 0;
  let leftOut = 0;
  const note = (problem: Problem) => {
    if (problem.severity === "error") bad++;
    if (problems.length < KEPT_PROBLEMS) problems.push(problem);
  };
  for await (const item of examples(readRows(path, options), options)) {
    if (item.kind === "problem") {
      if (item.severity === "error") rows++;
      note(item);
      continue;
    }
    rows++;
    if (item.kind === "left-out") leftOut++;
    else {
      try {
        use(item);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        const { file, row, line } = item.source;
        note(reporter(file)(error.code, row, line, error.message));
      }
    }
  }
  const errors = problems.filter(({ severity }) => severity === "error");
  if (bad > 0 && options.onError !== "drop") throw badRows(path, errors, bad);
  return { rows, dropped: bad, leftOut, problems };
}

/** The error of a data set without examples. */
export function noExamples(path: string, { rows, dropped, leftOut }: LoadReport): DataError {
  return new DataError(
    `${path}: expected examples, got none of ${rows} rows (${dropped} bad, ${leftOut} left out).`,
  );
}
