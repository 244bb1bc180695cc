/**
 * Which rows a training step sees. The order is a function of seed and step, so that the number of
 * steps taken is all that a checkpoint has to know about the data. Knows lengths, not rows.
 */

import { RandomStream } from "../rng.ts";

/** Steps whose rows are sorted by length together: much padding saved, little order lost. */
const STEPS_PER_POOL = 16;

/** Options of {@link stepOrder}. */
export interface OrderOptions {
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
}

/** A place in the data: so many steps into an epoch. */
export interface DataCursor {
  /** From 0. */
  readonly epoch: number;
  /** Steps of the epoch that are done, from 0. */
  readonly position: number;
}

/** Rows by optimizer step, epoch after epoch. */
export interface StepOrder {
  /** Steps until every row was seen once more. */
  readonly stepsPerEpoch: number;
  /** Rows of each micro-batch of a step; the last step of an epoch may have fewer. @param step from 1 */
  at(step: number): readonly (readonly number[])[];
  /** Where the data is before a step. @param step from 1 */
  cursor(step: number): DataCursor;
}

/**
 * The order in which rows are seen. Every epoch has every row once.
 *
 * @param lengths tokens per row
 * @throws Error without rows, or when sizes are not positive integers
 */
export function stepOrder(lengths: readonly number[], options: OrderOptions): StepOrder {
  const { batchSize, gradAccum = 1, shuffle = true, seed } = options;
  checkSizes("stepOrder", lengths.length, { batchSize, gradAccum });
  const perStep = batchSize * gradAccum;
  const stepsPerEpoch = Math.ceil(lengths.length / perStep);
  let known: { epoch: number; steps: readonly (readonly number[])[] } | undefined;
  const stepsOf = (epoch: number) => {
    if (known?.epoch !== epoch) {
      const steps = shuffle
        ? bucketedSteps(lengths, perStep, new RandomStream(seed, `batches/${epoch}`))
        : cut(identity(lengths.length), perStep);
      known = { epoch, steps };
    }
    return known.steps;
  };
  const cursor = (step: number) => ({
    epoch: Math.floor((step - 1) / stepsPerEpoch),
    position: (step - 1) % stepsPerEpoch,
  });
  return {
    stepsPerEpoch,
    cursor,
    at: (step) => {
      const { epoch, position } = cursor(step);
      return cut(stepsOf(epoch)[position] as readonly number[], batchSize);
    },
  };
}

/** @throws Error without rows, or when sizes are not positive integers */
export function checkSizes(
  where: string,
  rows: number,
  sizes: Readonly<Record<string, number>>,
): void {
  if (rows === 0) throw new Error(`${where}: expected at least one row, got none.`);
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isSafeInteger(size) && size > 0) continue;
    throw new Error(`${where}: expected a positive integer ${name}, got ${size}.`);
  }
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
export function shuffled<Item>(items: readonly Item[], random: RandomStream): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}

/**
 * Items in batches of similar length, the shortest first; equal ones in their order.
 * @param lengths of the items
 * @returns their indices
 */
export function batchesByLength(lengths: readonly number[], batchSize: number): number[][] {
  const sorted = identity(lengths.length);
  sorted.sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  return cut(sorted, batchSize);
}

function cut<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function identity(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
