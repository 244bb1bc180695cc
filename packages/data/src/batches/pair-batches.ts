/**
 * Batches of pairs by training step. The order is a function of seed and step, so that a checkpoint
 * needs nothing of the data but the number of steps taken.
 */
import {
  type DataCursor,
  type OrderOptions,
  type PaddedBatch,
  paddedLength,
  stepOrder,
} from "@preflab/lm";
import type { TokenizedPair } from "../types.ts";
import { collatePairs } from "./collate.ts";

/** Options of {@link pairBatches}; sizes are in pairs. */
export interface PairBatchOptions extends OrderOptions {
  /** Batches are padded to no more than this; no row is longer. */
  readonly maxLength: number;
  /** Id at padding, any valid one; default 0. */
  readonly fillId?: number;
}

/** One micro-batch. */
export interface PairBatch {
  /** Which pairs, at most `batchSize`: the last step of an epoch may have fewer. */
  readonly indices: readonly number[];
  /** `[2 batchSize, T]`, chosen rows first; rows of missing pairs are empty. */
  readonly rows: PaddedBatch;
}

/** Batches by optimizer step, epoch after epoch. */
export interface PairBatches {
  /** Steps until every pair was seen once more. */
  readonly stepsPerEpoch: number;
  /** The micro-batches of a step. @param step from 1 */
  at(step: number): readonly PairBatch[];
  /** Where the data is before a step. @param step from 1 */
  cursor(step: number): DataCursor;
}

/**
 * Batches of all pairs: seeded, pairs of similar length together, or, without shuffling, consecutive
 * pairs.
 *
 * @throws Error without pairs, or when sizes are not positive integers
 */
export function pairBatches(
  pairs: readonly TokenizedPair[],
  options: PairBatchOptions,
): PairBatches {
  const { batchSize, maxLength, fillId = 0 } = options;
  const lengths = pairs.map(
    ({ promptIds, chosenIds, rejectedIds }) =>
      promptIds.length + Math.max(chosenIds.length, rejectedIds.length),
  );
  const order = stepOrder(lengths, options);
  return {
    stepsPerEpoch: order.stepsPerEpoch,
    cursor: order.cursor,
    at: (step) =>
      order.at(step).map((indices) => {
        const longest = indices.reduce((most, i) => Math.max(most, lengths[i] as number), 0);
        const length = paddedLength(longest, maxLength);
        const chosen = indices.map((i) => pairs[i] as TokenizedPair);
        return { indices, rows: collatePairs(chosen, { batchSize, length, fillId }) };
      }),
  };
}
