/**
 * Generates a number of rows together, from prompts to the end of the last row. Rows sit in a
 * decoder; when enough of them have ended, or the cache is full, the others move to one of another
 * shape. All rows are at the same column of the cache, so that shorter prompts begin further right.
 */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import { type CacheShape, cacheSize, type Move, moveColumns } from "./cache-layout.ts";
import type { Decoder } from "./decoder.ts";
import type { ResolvedOptions } from "./options.ts";
import type { PrefilledRows } from "./prefill.ts";
import type { Row } from "./row.ts";
import { choiceOf, type Seating, step } from "./step.ts";

/** Free columns of a new cache: few enough to attend over little, enough to move seldom. */
const ROOM = 32;

/** What a wave needs of its generator. */
export interface Machinery {
  readonly config: ModelConfig;
  /** Keys and values of all tokens of `prompts` but the last, in groups of consecutive prompts. */
  prefill(prompts: readonly (readonly number[])[]): Promise<readonly PrefilledGroup[]>;
  /** The decoder of a shape; stays valid until another one is asked for. */
  decoder(rows: number, length: number): Decoder;
}

/** Keys and values of `count` prompts, of which `first` is the first. */
export interface PrefilledGroup {
  readonly first: number;
  readonly count: number;
  readonly rows: PrefilledRows;
}

/** Where a cache begins and what comes to it. */
interface Filling {
  readonly arrays: readonly Float32Array[];
  readonly shape: CacheShape;
  readonly moves: readonly Move[];
}

/** Runs `rows` until each has ended; prompts that several rows share are computed once. */
export async function runWave(
  machinery: Machinery,
  rows: readonly Row[],
  options: ResolvedOptions,
): Promise<void> {
  const choice = choiceOf(options);
  try {
    await leaveIfAborted(options);
    let seating = await seatPrompts(machinery, rows, options.maxNewTokens);
    for (;;) {
      await leaveIfAborted(options);
      await step(seating, choice, options);
      seating.column++;
      const { length } = seating.rows.filter(({ finish }) => finish === null);
      if (length === 0) return;
      const { shape } = seating.decoder;
      if (batchBucket(length) < shape.rows || seating.column === shape.length) {
        seating = await reseat(machinery, seating, options.maxNewTokens);
      }
    }
  } finally {
    tf.dispose(Object.values(choice));
  }
}

/** Lets events happen, of which one may abort the signal. @throws the signal's reason if aborted */
async function leaveIfAborted({ signal }: ResolvedOptions): Promise<void> {
  if (!signal) return;
  // Backends that compute in JavaScript answer in microtasks, which let no event through.
  await tf.nextFrame();
  signal.throwIfAborted();
}

/** The decoder with the prompts of `rows` in its cache. */
async function seatPrompts(
  machinery: Machinery,
  rows: readonly Row[],
  maxNewTokens: number,
): Promise<Seating> {
  const numbers = new Map<number, number>();
  const prompts: (readonly number[])[] = [];
  for (const { prompt, promptIds } of rows) {
    if (numbers.has(prompt)) continue;
    numbers.set(prompt, prompts.push(promptIds.slice(0, -1)) - 1);
  }
  const column = Math.max(...prompts.map(({ length }) => length));
  const groups = column === 0 ? [] : await machinery.prefill(prompts);
  const decoder = decoderFor(machinery, rows.length, column, maxNewTokens);
  const places = rows.map(({ prompt }) => numbers.get(prompt) as number);
  const fillings = groups.map(({ first, count, rows: { shape, arrays } }) => ({
    arrays,
    shape,
    moves: places.flatMap((place, toRow): Move[] => {
      const fromRow = place - first;
      if (fromRow < 0 || fromRow >= count) return [];
      const columns = (prompts[place] as readonly number[]).length;
      const toColumn = column - columns;
      return [{ fromRow, fromColumn: shape.length - columns, toRow, toColumn, columns }];
    }),
  }));
  load(machinery.config, decoder, fillings);
  const starts = places.map((place) => column - (prompts[place] as readonly number[]).length);
  return { decoder, rows, starts, column };
}

/** Moves the rows that go on to a decoder that fits them, without columns that none of them needs. */
async function reseat(
  machinery: Machinery,
  { decoder, rows, starts, column }: Seating,
  maxNewTokens: number,
): Promise<Seating> {
  const { slidingWindow } = machinery.config;
  const places = rows.flatMap(({ finish }, place) => (finish === null ? [place] : []));
  const began = Math.min(...places.map((place) => starts[place] as number));
  // The next token attends to itself and slidingWindow - 1 before it.
  const inWindow = slidingWindow === null ? 0 : column - slidingWindow + 1;
  const dropped = Math.max(began, inWindow, 0);
  const columns = column - dropped;
  const staying = places.map((place) => rows[place] as Row);
  const left = maxNewTokens - (staying[0] as Row).ids.length;
  const arrays = await decoder.read();
  const next = decoderFor(machinery, places.length, columns, left);
  const moves = places.map((fromRow, toRow) => {
    return { fromRow, fromColumn: dropped, toRow, toColumn: 0, columns };
  });
  load(machinery.config, next, [{ arrays, shape: decoder.shape, moves }]);
  return {
    decoder: next,
    rows: staying,
    starts: places.map((place) => (starts[place] as number) - dropped),
    column: columns,
  };
}

/** A decoder for `rows` rows with room for some of `left` tokens after `columns`. */
function decoderFor(machinery: Machinery, rows: number, columns: number, left: number): Decoder {
  const room = Math.min(left, Math.max(ROOM, Math.floor(columns / 2)));
  return machinery.decoder(batchBucket(rows), lengthBucket(columns + room));
}

function load({ layers }: ModelConfig, decoder: Decoder, fillings: readonly Filling[]): void {
  const { shape } = decoder;
  decoder.load(
    Array.from({ length: 2 * layers }, (_, i) => {
      const to = new Float32Array(cacheSize(shape));
      for (const { arrays, shape: from, moves } of fillings) {
        for (const move of moves) moveColumns(arrays[i] as Float32Array, from, to, shape, move);
      }
      return to;
    }),
  );
}
