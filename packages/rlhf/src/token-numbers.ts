/**
 * Numbers per completion token outside of graphs. A row is exactly as long as its completion, so
 * there is no padding that a sum or a mean could count by mistake.
 */

/** One row per completion, one number per token, end-of-text included. */
export type TokenNumbers = readonly Float64Array[];

/** A function of every number. */
export function mapNumbers(rows: TokenNumbers, map: (value: number) => number): Float64Array[] {
  return rows.map((row) => row.map(map));
}

/** All numbers in order. */
export function* allNumbers(rows: TokenNumbers): Generator<number> {
  for (const row of rows) yield* row;
}

/** Sums of rows: of log-probabilities or divergences per token, those of the sequences. */
export function rowSums(rows: TokenNumbers): Float64Array {
  return Float64Array.from(rows, (row) => row.reduce((sum, x) => sum + x, 0));
}

/** @throws Error unless two lists have rows of the same lengths */
export function checkSameLengths(
  where: string,
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
): void {
  const show = (rows: readonly ArrayLike<number>[]) => rows.map(({ length }) => length).join(", ");
  if (show(a) === show(b)) return;
  throw new Error(`${where}: expected rows of lengths ${show(a)}, got ${show(b)}.`);
}
