/** One step of all rows: what the decoder is fed, and who gets which of the drawn tokens. */

import * as tf from "@tensorflow/tfjs-core";
import { lengthBucket } from "./buckets.ts";
import type { Decoder, StepInputs, StepOutputs } from "./decoder.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Row } from "./row.ts";
import type { Sampler } from "./sampler.ts";

/** Rows in a decoder. */
export interface Seating {
  readonly decoder: Decoder;
  /** Rows by their place in the batch; places beyond them repeat the first. */
  readonly rows: readonly Row[];
  /** Tokens of each row that are no longer in its cache, nor visible. */
  readonly dropped: readonly number[];
}

/** The column that the next step writes for the row at a place: the last one again when it has ended. */
export function nextColumn({ rows, dropped }: Seating, place: number): number {
  const { length, finish } = rows[place] as Row;
  return length - (finish === null ? 1 : 2) - (dropped[place] as number);
}

/** Lets every row that has not ended take a token. */
export async function step(
  seating: Seating,
  sampler: Sampler,
  options: ResolvedOptions,
): Promise<void> {
  const inputs = inputsOf(seating, sampler, options);
  try {
    take(await draw(seating, sampler, inputs), seating.rows, options);
  } finally {
    const { ids, columns, positions, noise, history } = inputs;
    tf.dispose([ids, columns, positions, noise ?? [], history ?? []]);
  }
}

function inputsOf(
  seating: Seating,
  sampler: Sampler,
  { stepLogits }: ResolvedOptions,
): Omit<StepInputs, "choice"> {
  const { decoder, rows, dropped } = seating;
  const batch = decoder.shape.rows;
  const places = Array.from({ length: batch }, (_, i) => (i < rows.length ? i : 0));
  const seats = places.map((place) => rows[place] as Row);
  const columns = Int32Array.from(places, (place) => nextColumn(seating, place));
  const positions = columns.map((column, i) => column + (dropped[places[i] as number] as number));
  const noise = () =>
    tf.tensor2d(
      Float32Array.from(seats, (row) => row.noise()),
      [batch, 1],
    );
  return {
    ids: tf.tensor1d(
      Int32Array.from(seats, ({ lastId }) => lastId),
      "int32",
    ),
    columns: tf.tensor1d(columns, "int32"),
    positions: tf.tensor1d(positions, "int32"),
    noise: sampler.isGreedy ? null : noise(),
    history: sampler.readsHistory ? historyOf(seats) : null,
    wantsLogits: stepLogits,
  };
}

/** What a step gave, in host memory. */
interface DrawnNumbers {
  readonly ids: Int32Array;
  readonly logps: Float32Array;
  readonly temperedLogps: Float32Array | null;
  readonly isSure: Int32Array | null;
  /** `[B][V]`, if asked for. */
  readonly logits: readonly Float32Array[] | null;
}

/** Runs a step, again where it was not sure of its choice: it writes the same to the cache. */
async function draw(
  { decoder, rows }: Seating,
  sampler: Sampler,
  inputs: Omit<StepInputs, "choice">,
): Promise<DrawnNumbers> {
  const drawn = read(await decoder.step({ ...inputs, choice: sampler.choice }));
  const isSure = rows.every(({ finish }, place) => finish !== null || drawn.isSure?.[place] !== 0);
  if (isSure) return drawn;
  sampler.lookFurther();
  return read(await decoder.step({ ...inputs, choice: sampler.choice }));
}

/** Reads and disposes the outputs of a step. They are in host memory already, or few. */
function read({ ids, logps, temperedLogps, isSure, logits }: StepOutputs): DrawnNumbers {
  const perRow = logits ? tf.unstack(logits) : [];
  try {
    return {
      ids: ids.dataSync<"int32">(),
      logps: logps.dataSync<"float32">(),
      temperedLogps: temperedLogps?.dataSync<"float32">() ?? null,
      isSure: isSure?.dataSync<"int32">() ?? null,
      logits: logits ? perRow.map((row) => row.dataSync<"float32">()) : null,
    };
  } finally {
    tf.dispose([ids, logps, temperedLogps ?? [], isSure ?? [], logits ?? [], perRow]);
  }
}

/** Gives the drawn tokens to the rows that have not ended. */
function take(
  drawn: DrawnNumbers,
  rows: readonly Row[],
  { temperature, onToken }: ResolvedOptions,
): void {
  rows.forEach((row, place) => {
    if (row.finish !== null) return;
    const [id, logp] = [drawn.ids[place] as number, drawn.logps[place] as number];
    const tempered = temperature === null ? 0 : (drawn.temperedLogps?.[place] ?? logp);
    row.push(id, logp, tempered, drawn.logits?.[place] ?? null);
    onToken?.({ prompt: row.prompt, sample: row.sample, id, logp, finish: row.finish });
  });
}

/** Tokens so far of every place, filled up with the place's last token. `[B, L]` */
function historyOf(rows: readonly Row[]): tf.Tensor2D {
  const length = lengthBucket(Math.max(...rows.map((row) => row.length)));
  const history = new Int32Array(rows.length * length);
  rows.forEach(({ promptIds, ids, lastId }, place) => {
    const begin = place * length;
    history.fill(lastId, begin, begin + length);
    history.set(promptIds, begin);
    history.set(ids, begin + promptIds.length);
  });
  return tf.tensor2d(history, [rows.length, length], "int32");
}
