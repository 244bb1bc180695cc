/** A random choice of rows where there are more than are wanted. */
import { type RandomStream, shuffled } from "@preflab/lm";

/** Rows in their order if there are no more than `most`, so many of them in random order otherwise. */
export function someOf<Row>(
  rows: readonly Row[],
  most: number,
  stream: RandomStream,
): readonly Row[] {
  return rows.length <= most ? rows : shuffled(rows, stream).slice(0, most);
}
