/** Random numbers for tests. */

import { RandomStream } from "@preflab/lm";

/** Rows of normal numbers, of the given lengths. */
export function normalRows(lengths: readonly number[], seed: number): Float64Array[] {
  const random = new RandomStream(seed, "rows");
  return lengths.map((length) => {
    const row = new Float32Array(length);
    random.fillNormal(row, 1);
    return Float64Array.from(row);
  });
}

/** Normal numbers. */
export function normals(count: number, seed: number): Float64Array {
  return normalRows([count], seed)[0] as Float64Array;
}
