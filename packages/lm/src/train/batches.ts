/**
 * Which rows a training step sees. The order is a function of seed and step, so that the number of
 * steps taken is all that a checkpoint has to know about the data.
 */

import { RandomStream } from "../rng.ts";
import { packRows } from "./packing.ts";
import { type PaddedBatch, padBatch, paddedLength, type TokenRow } from "./rows.ts";

/** Steps whose rows are sorted by length together: much padding saved, little order lost. */
const STEPS_PER_POOL = 16;

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
export interface BatchOptions {
  /** Rows of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step; default 1. */
  readonly gradAccum?: number;
  /**
   * True (default): a seeded order, anew each epoch, with rows of similar length together. False:
   * steps are consecutive rows.
   */
  readonly shuffle?: boolean;
  /** Of the order. */
  readonly seed: number;
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
  const { batchSize, gradAccum = 1, shuffle = true, seed, maxLength, fillId = 0 } = options;
  checkSizes(given.length, { batchSize, gradAccum, maxLength });
  const packed = options.packing
    ? packRows(given, maxLength, shuffle ? "tight" : "in order")
    : null;
  const rows = packed?.rows ?? given;
  const perStep = batchSize * gradAccum;
  const stepsPerEpoch = Math.ceil(rows.length / perStep);
  const lengths = rows.map(({ ids }) => ids.length);
  let known: { epoch: number; steps: readonly (readonly number[])[] } | undefined;
  const stepsOf = (epoch: number) => {
    if (known?.epoch !== epoch) {
      const steps = shuffle
        ? bucketedSteps(lengths, perStep, new RandomStream(seed, `batches/${epoch}`))
        : cut(identity(rows.length), perStep);
      known = { epoch, steps };
    }
    return known.steps;
  };
  return {
    stepsPerEpoch,
    packed: packed && { sequences: rows.length, utilisation: packed.utilisation },
    at: (step) => {
      const epoch = Math.floor((step - 1) / stepsPerEpoch);
      const indices = stepsOf(epoch)[(step - 1) % stepsPerEpoch] as readonly number[];
      return cut(indices, batchSize).map((part) => {
        const chosen = part.map((i) => rows[i] as TokenRow);
        const longest = Math.max(...chosen.map(({ ids }) => ids.length));
        return padBatch(chosen, batchSize, paddedLength(longest, maxLength), fillId);
      });
    },
  };
}

/** Rows of every step of an epoch: shuffled, sorted by length within pools, steps shuffled. */
function bucketedSteps(
  lengths: readonly number[],
  perStep: number,
  random: RandomStream,
): readonly (readonly number[])[] {
  const order = shuffled(identity(lengths.length), random);
  return cut(order, perStep * STEPS_PER_POOL).flatMap((pool) => {
    const sorted = [...pool].sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
    return shuffled(cut(sorted, perStep), random);
  });
}

/** A random order of items. Fisher and Yates. */
function shuffled<Item>(items: readonly Item[], random: RandomStream): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

function cut<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function identity(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

function checkSizes(rows: number, sizes: Readonly<Record<string, number>>): void {
  if (rows === 0) throw new Error("rowBatches: expected at least one row, got none.");
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isSafeInteger(size) && size > 0) continue;
    throw new Error(`rowBatches: expected a positive integer ${name}, got ${size}.`);
  }
}
