/** Rows of ids of different lengths as one rectangle, with a mask that says what is filler. */

/** Where the filler goes: after the tokens to train, before them to generate. */
export type Side = "left" | "right";

/** Ids and mask of B rows, row-major. */
export interface PaddedRows {
  /** [B, T] */
  readonly ids: Int32Array;
  /** [B, T], 1 at tokens and 0 at filler. */
  readonly mask: Int32Array;
  /** [B, T] */
  readonly shape: readonly [number, number];
}

/** Options of {@link padRows}. */
export interface PadOptions {
  readonly side: Side;
  /** Id at empty positions. */
  readonly fillId: number;
  /** T; default: the longest row. */
  readonly length?: number;
}

/**
 * Pads rows to one length. The mask is made from the lengths, never from the ids.
 *
 * @throws if a row is longer than `length`: padding does not truncate.
 */
export function padRows(
  rows: readonly ArrayLike<number>[],
  { side, fillId, length }: PadOptions,
): PaddedRows {
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const width = length ?? longest;
  if (longest > width) {
    throw new Error(
      `padRows: expected rows of at most ${width} tokens, got ${longest}. Truncate them first.`,
    );
  }
  const ids = new Int32Array(rows.length * width).fill(fillId);
  const mask = new Int32Array(rows.length * width);
  rows.forEach((row, i) => {
    const start = i * width + (side === "left" ? width - row.length : 0);
    ids.set(row, start);
    mask.fill(1, start, start + row.length);
  });
  return { ids, mask, shape: [rows.length, width] };
}
