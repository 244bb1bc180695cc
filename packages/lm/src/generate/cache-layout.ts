/**
 * Keys or values of one layer in host memory, and how rows move between caches of different shapes:
 * from a prompt's to a decoder's, or to a smaller or longer one. Pure; owns nothing.
 */

/** Dimensions of a flat `[rows, heads, length, width]` array; `heads` are those of keys and values. */
export interface CacheShape {
  readonly rows: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

/** A run of columns, one column per token, of one row that goes to the begin of a row elsewhere. */
export interface Move {
  readonly fromRow: number;
  readonly fromColumn: number;
  readonly toRow: number;
  readonly columns: number;
}

/** Number of elements. */
export function cacheSize({ rows, heads, length, width }: CacheShape): number {
  return rows * heads * length * width;
}

/** Copies columns between caches of equal heads and width, or within one to a lower place. */
export function moveColumns(
  from: Float32Array,
  fromShape: CacheShape,
  to: Float32Array,
  toShape: CacheShape,
  { fromRow, fromColumn, toRow, columns }: Move,
): void {
  const { heads, width } = fromShape;
  for (let head = 0; head < heads; head++) {
    const begin = ((fromRow * heads + head) * fromShape.length + fromColumn) * width;
    const target = (toRow * heads + head) * toShape.length * width;
    to.set(from.subarray(begin, begin + columns * width), target);
  }
}
