/**
 * Generates a number of rows together, from prompts to the end of the last row. Rows sit in a
 * decoder; when enough of them have ended, or the cache is full, the others move to one of another
 * shape. Every row fills its cache from column 0 on, whatever the others do.
 */

import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../config.ts";
import { batchBucket, lengthBucket } from "./buckets.ts";
import { type CacheShape, type Move, moveColumns } from "./cache-layout.ts";
import type { Decoder } from "./decoder.ts";
import type { ResolvedOptions } from "./options.ts";
import type { PrefilledRows } from "./prefill.ts";
import type { Row } from "./row.ts";
import { Sampler } from "./sampler.ts";
import { nextColumn, type Seating, step } from "./step.ts";

/**
 * Free columns of a new cache, at most. A step reads filled columns only, but free ones take memory,
 * and a move to a longer cache costs a step or two.
 */
const ROOM = 128;

/** What a wave needs of its generator. */
export interface Machinery {
  readonly config: ModelConfig;
  /** Keys and values of all tokens of each prompt but the last; null where there is no other. */
  prefill(prompts: readonly (readonly number[])[]): Promise<readonly (PrefilledPrompt | null)[]>;
  /** The decoder of a shape; stays valid until another one is asked for. */
  decoder(rows: number, length: number): Decoder;
}

/** Keys and values of one prompt. */
export interface PrefilledPrompt {
  readonly rows: PrefilledRows;
  /** Which of {@link rows}. */
  readonly row: number;
}

/** What a cache takes over from others. */
interface Filling {
  readonly arrays: readonly Float32Array[];
  readonly shape: CacheShape;
  readonly move: Move;
}

/** Runs `rows` until each has ended; prompts that several rows share are computed once. */
export async function runWave(
  machinery: Machinery,
  rows: readonly Row[],
  options: ResolvedOptions,
): Promise<void> {
  const sampler = new Sampler(options, machinery.config.vocabSize);
  try {
    options.signal?.throwIfAborted();
    let seating = await seatPrompts(machinery, rows, options.maxNewTokens);
    for (;;) {
      await leaveIfAborted(options);
      await step(seating, sampler, options);
      const places = unfinished(seating);
      if (places.length === 0) return;
      const { rows: seats, length } = seating.decoder.shape;
      const isFull = places.some((place) => nextColumn(seating, place) === length);
      if (isFull || batchBucket(places.length) < seats) {
        seating = await reseat(machinery, seating, options.maxNewTokens);
      }
    }
  } finally {
    sampler.dispose();
  }
}

/** Lets events happen, of which one may abort the signal. @throws the signal's reason if aborted */
async function leaveIfAborted({ signal }: ResolvedOptions): Promise<void> {
  // Steps that are computed on this thread answer in microtasks, which let no event through.
  await tf.nextFrame();
  signal?.throwIfAborted();
}

/** Places of the rows that go on. */
function unfinished({ rows }: Seating): number[] {
  return rows.flatMap(({ finish }, place) => (finish === null ? [place] : []));
}

/** The decoder with the prompts of `rows` in its cache. */
async function seatPrompts(
  machinery: Machinery,
  rows: readonly Row[],
  maxNewTokens: number,
): Promise<Seating> {
  const prompts = [...new Set(rows.map(({ promptIds }) => promptIds))];
  const prefilled = await machinery.prefill(prompts);
  const byPrompt = new Map(prompts.map((prompt, i) => [prompt, prefilled[i] ?? null]));
  const columns = Math.max(...prompts.map(({ length }) => length - 1));
  const decoder = decoderFor(machinery, rows.length, columns, maxNewTokens);
  const fillings = rows.flatMap(({ promptIds }, toRow): Filling[] => {
    const found = byPrompt.get(promptIds);
    if (!found) return [];
    const { shape, arrays } = found.rows;
    const move = { fromRow: found.row, fromColumn: 0, toRow, columns: promptIds.length - 1 };
    return [{ arrays, shape, move }];
  });
  load(decoder, fillings);
  return { decoder, rows, dropped: rows.map(() => 0) };
}

/** Moves the rows that go on to a decoder that fits them, without columns that none will look at. */
async function reseat(
  machinery: Machinery,
  seating: Seating,
  maxNewTokens: number,
): Promise<Seating> {
  const { slidingWindow } = machinery.config;
  const { decoder, rows, dropped } = seating;
  const arrays = await decoder.read();
  const moves = unfinished(seating).map((fromRow, toRow): Move => {
    const next = nextColumn(seating, fromRow);
    // The next token sees itself and slidingWindow - 1 before it.
    const fromColumn = slidingWindow === null ? 0 : Math.max(0, next - slidingWindow + 1);
    return { fromRow, fromColumn, toRow, columns: next - fromColumn };
  });
  const staying = moves.map(({ fromRow }) => rows[fromRow] as Row);
  const columns = Math.max(...moves.map((move) => move.columns));
  const left = maxNewTokens - (staying[0] as Row).ids.length;
  const next = decoderFor(machinery, staying.length, columns, left);
  load(
    next,
    moves.map((move) => ({ arrays, shape: decoder.shape, move })),
  );
  return {
    decoder: next,
    rows: staying,
    dropped: moves.map(({ fromRow, fromColumn }) => (dropped[fromRow] as number) + fromColumn),
  };
}

/** A decoder for `rows` rows with room for some of `left` tokens after `columns`. */
function decoderFor(machinery: Machinery, rows: number, columns: number, left: number): Decoder {
  const room = Math.min(left, Math.max(ROOM, columns));
  return machinery.decoder(batchBucket(rows), lengthBucket(columns + room));
}

function load(decoder: Decoder, fillings: readonly Filling[]): void {
  decoder.load((elements, index) => {
    for (const { arrays, shape, move } of fillings) {
      moveColumns(arrays[index] as Float32Array, shape, elements, decoder.shape, move);
    }
  });
}
