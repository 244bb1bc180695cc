/** A data set that cannot be used as a whole. */
import { describeProblem, type Problem } from "./sources/row.ts";

/** Problems that a message lists. */
const LISTED = 5;

/** Data that cannot be used; the message says where and what to do. */
export class DataError extends Error {
  override readonly name = "DataError";
  /** The problems found, where rows are the reason. */
  readonly problems: readonly Problem[];

  /** @param problems what was wrong with the rows; none for a whole file */
  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
  }
}

/**
 * The error of a data set with bad rows: the first few, how many there are and what can be done.
 *
 * @param count of bad rows, `problems` among them
 */
export function badRows(path: string, problems: readonly Problem[], count: number): DataError {
  const shown = problems.slice(0, LISTED).map(describeProblem);
  const more = count > shown.length ? [`... and ${count - shown.length} more`] : [];
  const message =
    `${path}: expected no malformed rows, got ${count}. ` +
    'Mend them, or drop them with onError "drop".';
  return new DataError([message, ...shown, ...more].join("\n  "), problems);
}
