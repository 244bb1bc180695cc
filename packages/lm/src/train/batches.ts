/** Padded batches of token rows by training step, in the order that ./order.ts gives. */

import { checkSizes, type OrderOptions, stepOrder } from "./order.ts";
import { packRows } from "./packing.ts";
import { type PaddedBatch, padBatch, paddedLength, type TokenRow } from "./rows.ts";

/** Batches by optimizer step. */
export interface Batches {
  /** Steps until every row was seen once more. */
  readonly stepsPerEpoch: number;
  /** With packing: rows that batches are made of, and the share of their `maxLength` that is used. */
  readonly packed: { readonly sequences: number; readonly utilisation: number } | null;
  /** The micro-batches of a step. @param step from 1 */
  at(step: number): readonly PaddedBatch[];
}

/** Options of {@link rowBatches}. */
export interface BatchOptions extends OrderOptions {
  /** Batches are padded to no more than this; no row is longer. */
  readonly maxLength: number;
  /** Id at padding; any valid one. Default 0. */
  readonly fillId?: number;
  /** Several rows in one, up to `maxLength` tokens; a batch is `batchSize` of those. Default false. */
  readonly packing?: boolean;
}

/**
 * Batches of rows, epoch after epoch. Every epoch has every row once; where rows do not fill the
 * last step, empty ones do.
 * @throws Error without rows, or when sizes are not positive integers
 */
export function rowBatches(given: readonly TokenRow[], options: BatchOptions): Batches {
  const { batchSize, shuffle = true, maxLength, fillId = 0 } = options;
  checkSizes("rowBatches", given.length, { maxLength });
  const packed = options.packing
    ? packRows(given, maxLength, shuffle ? "tight" : "in order")
    : null;
  const rows = packed?.rows ?? given;
  const order = stepOrder(
    rows.map(({ ids }) => ids.length),
    options,
  );
  return {
    stepsPerEpoch: order.stepsPerEpoch,
    packed: packed && { sequences: rows.length, utilisation: packed.utilisation },
    at: (step) =>
      order.at(step).map((indices) => {
        const chosen = indices.map((i) => rows[i] as TokenRow);
        const longest = Math.max(...chosen.map(({ ids }) => ids.length));
        return padBatch(chosen, batchSize, paddedLength(longest, maxLength), fillId);
      }),
  };
}
