/**
 * Tokenised examples as rectangles, padded on the right. Masks are made from lengths, so that the
 * id at padding means nothing and an end-of-text token is never taken for padding.
 */
import { completionRow, type PaddedBatch, padBatch, type TokenRow } from "@preflab/lm";
import type { TokenizedPair, TokenizedUnpaired } from "../types.ts";

/** Options of collation. */
export interface CollateOptions {
  /** Id at padding, any valid one; default 0. */
  readonly fillId?: number;
  /** T; default the longest row, rounded up. */
  readonly length?: number;
  /** T is a multiple of this; default 1. */
  readonly multipleOf?: number;
  /** Examples that the batch has room for; missing ones are empty rows. Default: those given. */
  readonly batchSize?: number;
}

/**
 * A batch of B pairs as 2B rows `[2B, T]`: the chosen ones, then the rejected ones in the same
 * order. `completionMask` is 1 at completions.
 *
 * @throws Error where a row is longer than `length`
 */
export function collatePairs(
  pairs: readonly TokenizedPair[],
  options: CollateOptions = {},
): PaddedBatch {
  const size = options.batchSize ?? pairs.length;
  const missing = Array<TokenRow>(size - pairs.length).fill({ ids: [] });
  const chosen = pairs.map(({ promptIds, chosenIds }) => completionRow(promptIds, chosenIds));
  const rejected = pairs.map(({ promptIds, rejectedIds }) => completionRow(promptIds, rejectedIds));
  const rows = [...chosen, ...missing, ...rejected, ...missing];
  return padBatch(rows, rows.length, lengthOf(rows, options), options.fillId ?? 0);
}

/** A batch of B unpaired examples as rows `[B, T]`. @throws as {@link collatePairs} */
export function collateUnpaired(
  examples: readonly Pick<TokenizedUnpaired, "promptIds" | "completionIds">[],
  options: CollateOptions = {},
): PaddedBatch {
  const rows = examples.map((row) => completionRow(row.promptIds, row.completionIds));
  const size = options.batchSize ?? rows.length;
  return padBatch(rows, size, lengthOf(rows, options), options.fillId ?? 0);
}

function lengthOf(rows: readonly TokenRow[], { length, multipleOf = 1 }: CollateOptions): number {
  const longest = rows.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  return length ?? Math.ceil(longest / multipleOf) * multipleOf;
}
