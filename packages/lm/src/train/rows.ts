/** Token rows and how they become rectangles. Several rows in one are made by ./packing.ts. */

import * as tf from "@tensorflow/tfjs-core";
import { padRows } from "../tokenizer/padding.ts";
import type { TokenBatch } from "../types.ts";

/** A tokenised example. */
export interface TokenRow {
  /** Prompt and completion, with the end-of-text token where it is to be learned. */
  readonly ids: ArrayLike<number>;
  /** 1 for tokens to learn, 0 for the others; as long as `ids`. Default: learn all. */
  readonly completionMask?: ArrayLike<number>;
  /** Where the row holds several texts: position of every token in its text, from 0. */
  readonly positions?: ArrayLike<number>;
}

/** Rows as rectangles `[B, T]`, row-major, padded on the right. */
export interface PaddedBatch {
  readonly ids: Int32Array;
  readonly attentionMask: Int32Array;
  readonly completionMask: Int32Array;
  /** Where rows hold several texts; 0 at padding. */
  readonly positions?: Int32Array;
  readonly shape: readonly [number, number];
}

/** What {@link truncateRows} found. */
export interface TruncatedRows {
  readonly rows: readonly TokenRow[];
  /** Rows that were cut. */
  readonly truncated: number;
  /** Rows left out since no token to learn remains. */
  readonly dropped: number;
}

/** Smallest difference between two padded lengths, tokens. */
const LENGTH_STEP = 16;

/** The row of a prompt and the completion to learn. */
export function completionRow(
  promptIds: ArrayLike<number>,
  completionIds: ArrayLike<number>,
): TokenRow {
  const ids = [...Array.from(promptIds), ...Array.from(completionIds)];
  return { ids, completionMask: ids.map((_, i) => (i < promptIds.length ? 0 : 1)) };
}

/**
 * Cuts rows to `maxLength` tokens at their end. The first token of a row is never learned, since
 * nothing predicts it.
 * @throws Error when a mask is not as long as its ids
 */
export function truncateRows(rows: readonly TokenRow[], maxLength: number): TruncatedRows {
  const kept: TokenRow[] = [];
  let truncated = 0;
  rows.forEach((row, i) => {
    const { ids, completionMask } = row;
    if (completionMask && completionMask.length !== ids.length) {
      throw new Error(
        `truncateRows: expected a completionMask of ${ids.length} tokens in row ${i}, got ` +
          `${completionMask.length}.`,
      );
    }
    if (ids.length > maxLength) truncated++;
    const cut = ids.length > maxLength ? cutRow(row, maxLength) : row;
    if (learnedTokens(cut) > 0) kept.push(cut);
  });
  return { rows: kept, truncated, dropped: rows.length - kept.length };
}

/**
 * Length that a batch is padded to: few different ones, so that few programs are compiled, and at
 * most a quarter of a long batch wasted.
 * @param longest tokens of the longest row
 * @param maxLength never more than this, which is at least `longest`
 */
export function paddedLength(longest: number, maxLength: number): number {
  const octave = 2 ** Math.floor(Math.log2(Math.max(1, longest)));
  const step = Math.max(LENGTH_STEP, octave / 4);
  return Math.min(maxLength, Math.ceil(longest / step) * step);
}

/**
 * Pads rows to one length, and with empty rows to `batchSize` of them.
 * @param length T; no row is longer
 * @param fillId id at empty positions; any valid one
 */
export function padBatch(
  rows: readonly TokenRow[],
  batchSize: number,
  length: number,
  fillId: number,
): PaddedBatch {
  const all = [...rows, ...Array<TokenRow>(batchSize - rows.length).fill({ ids: [] })];
  const padded = padRows(
    all.map(({ ids }) => ids),
    { side: "right", fillId, length },
  );
  const fill = (numbers: readonly ArrayLike<number>[]): Int32Array =>
    padRows(numbers, { side: "right", fillId: 0, length }).ids;
  return {
    ids: padded.ids,
    attentionMask: padded.mask,
    completionMask: fill(all.map((row) => row.completionMask ?? Array(row.ids.length).fill(1))),
    ...(all.some(({ positions }) => positions) && {
      positions: fill(all.map((row) => row.positions ?? Array.from(row.ids, (_, t) => t))),
    }),
    shape: padded.shape,
  };
}

/** The tensors of a batch, which the caller disposes. */
export function toTensors({ shape, positions, ...arrays }: PaddedBatch): TokenBatch {
  const matrix = (data: Int32Array) => tf.tensor2d(data, [...shape], "int32");
  return {
    ids: matrix(arrays.ids),
    attentionMask: matrix(arrays.attentionMask),
    completionMask: matrix(arrays.completionMask),
    ...(positions && { positions: matrix(positions) }),
  };
}

/** Tokens of a row that a loss sees. */
export function learnedTokens({ ids, completionMask }: TokenRow): number {
  let count = 0;
  for (let t = 1; t < ids.length; t++) count += completionMask ? (completionMask[t] as number) : 1;
  return count;
}

/** Tokens to learn of each text of a batch; 0 for rows without a text. */
export function learnedPerText(batch: PaddedBatch): number[] {
  const { completionMask, attentionMask, positions, shape } = batch;
  const [rows, length] = shape;
  const counts: number[] = [];
  for (let row = 0; row < rows; row++) {
    let count = 0;
    for (let t = row * length + 1; t < (row + 1) * length; t++) {
      if (attentionMask[t] && positions?.[t] === 0) {
        counts.push(count);
        count = 0;
      } else if (completionMask[t] && attentionMask[t] && attentionMask[t - 1]) count++;
    }
    counts.push(count);
  }
  return counts;
}

function cutRow({ ids, completionMask }: TokenRow, length: number): TokenRow {
  return {
    ids: Array.from(ids).slice(0, length),
    ...(completionMask && { completionMask: Array.from(completionMask).slice(0, length) }),
  };
}
