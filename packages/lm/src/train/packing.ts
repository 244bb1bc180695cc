/**
 * Packing: several rows in one, so that batches hold little padding. The positions of the packed row
 * start anew with every text, by which the transformer keeps the texts apart: each is computed as it
 * would be alone.
 */

import type { TokenRow } from "./rows.ts";

/** Rows of several texts. */
export interface PackedRows {
  /** Each with positions, and at most as long as was asked for. */
  readonly rows: readonly TokenRow[];
  /** Share of the places that hold tokens, in `(0, 1]`. */
  readonly utilisation: number;
}

/**
 * Packs rows; a function of the rows alone.
 * @param maxLength tokens of a packed row; no row is longer
 * @param way `tight`: best fit, longest first, which fills well and mixes the order; `in order`:
 *   consecutive rows
 * @throws Error when a row is longer, or has positions already
 */
export function packRows(
  rows: readonly TokenRow[],
  maxLength: number,
  way: "tight" | "in order",
): PackedRows {
  for (const { ids, positions } of rows) {
    if (ids.length <= maxLength && !positions) continue;
    throw new Error(
      `packRows: expected rows of one text and at most ${maxLength} tokens, got one of ` +
        `${ids.length}${positions ? " that is packed" : ""}. Truncate rows, and pack them once.`,
    );
  }
  const groups = way === "tight" ? bestFit(rows, maxLength) : consecutive(rows, maxLength);
  const packed = groups.map(joined);
  const tokens = rows.reduce((sum, { ids }) => sum + ids.length, 0);
  return { rows: packed, utilisation: tokens / (packed.length * maxLength) };
}

/** Rows by falling length, each to the others that it leaves least room with. */
function bestFit(rows: readonly TokenRow[], maxLength: number): TokenRow[][] {
  const groups: TokenRow[][] = [];
  /** Groups by the room that they have left. */
  const byRoom: TokenRow[][][] = Array.from({ length: maxLength + 1 }, () => []);
  const falling = [...rows].sort((a, b) => b.ids.length - a.ids.length);
  for (const row of falling) {
    const { length } = row.ids;
    let room = length;
    while (room < maxLength && byRoom[room]?.length === 0) room++;
    const group = byRoom[room]?.pop() ?? [];
    if (group.length === 0) groups.push(group);
    group.push(row);
    byRoom[room - length]?.push(group);
  }
  return groups;
}

function consecutive(rows: readonly TokenRow[], maxLength: number): TokenRow[][] {
  const groups: TokenRow[][] = [];
  let room = 0;
  for (const row of rows) {
    const { length } = row.ids;
    if (length > room || groups.length === 0) {
      groups.push([]);
      room = maxLength;
    }
    groups.at(-1)?.push(row);
    room -= length;
  }
  return groups;
}

/** One row of several; nothing predicts the first token of each, which is not learned. */
function joined(rows: readonly TokenRow[]): TokenRow {
  const length = rows.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = new Int32Array(length);
  const completionMask = new Int32Array(length);
  const positions = new Int32Array(length);
  let begin = 0;
  for (const row of rows) {
    for (let t = 0; t < row.ids.length; t++) {
      ids[begin + t] = row.ids[t] as number;
      completionMask[begin + t] = t === 0 ? 0 : (row.completionMask?.[t] ?? 1);
      positions[begin + t] = t;
    }
    begin += row.ids.length;
  }
  return { ids, completionMask, positions };
}
