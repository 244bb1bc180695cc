/** One step of all rows: what the decoder is fed, and who gets which of the drawn tokens. */

import * as tf from "@tensorflow/tfjs-core";
import { lengthBucket } from "./buckets.ts";
import type { Decoder, StepOutputs } from "./decoder.ts";
import type { Choice } from "./draw.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Row } from "./row.ts";

/** Rows in a decoder. */
export interface Seating {
  readonly decoder: Decoder;
  /** Rows by their place in the batch; places beyond them repeat the first. */
  readonly rows: readonly Row[];
  readonly starts: readonly number[];
  /** Column of the cache that the next step writes. */
  column: number;
}

/** Lets every row take a token. */
export async function step(
  seating: Seating,
  choice: Choice,
  options: ResolvedOptions,
): Promise<void> {
  const { decoder, rows, starts, column } = seating;
  const batch = decoder.shape.rows;
  // Places without a row repeat the first, whose numbers are valid.
  const perPlace = (number: (row: Row, place: number) => number): number[] =>
    Array.from({ length: batch }, (_, place) => {
      const seat = place < rows.length ? place : 0;
      return number(rows[seat] as Row, seat);
    });
  const tensors = {
    ids: tf.tensor1d(
      perPlace(({ lastId }) => lastId),
      "int32",
    ),
    column: tf.tensor1d([column], "int32"),
    starts: tf.tensor1d(
      perPlace((_, place) => starts[place] as number),
      "int32",
    ),
    noise: tf.tensor2d(
      choice.temperature ? perPlace((row) => row.noise()) : new Float32Array(batch),
      [batch, 1],
    ),
    history: choice.penalty ? historyOf(rows, batch) : null,
  };
  try {
    const outputs = await decoder.step({ ...tensors, choice, wantsLogits: options.stepLogits });
    const drawn = await read(outputs);
    take(drawn, rows, options);
  } finally {
    tf.dispose(Object.values(tensors).filter((tensor) => tensor !== null));
  }
}

/** What a step gave, in host memory. */
interface DrawnNumbers {
  readonly ids: Int32Array;
  readonly logps: Float32Array;
  readonly temperedLogps: Float32Array;
  /** `[B][V]`, if asked for. */
  readonly logits: readonly Float32Array[] | null;
}

/** Reads and disposes the outputs of a step. */
async function read({ ids, logps, temperedLogps, logits }: StepOutputs): Promise<DrawnNumbers> {
  const perRow = logits ? tf.unstack(logits) : [];
  try {
    const [drawn, raw, tempered, ...scores] = await Promise.all([
      ids.data<"int32">(),
      ...[logps, temperedLogps, ...perRow].map((tensor) => tensor.data<"float32">()),
    ]);
    return {
      ids: drawn,
      logps: raw as Float32Array,
      temperedLogps: tempered as Float32Array,
      logits: logits ? scores : null,
    };
  } finally {
    tf.dispose([ids, logps, temperedLogps, logits ?? [], perRow]);
  }
}

/** Gives the drawn tokens to the rows that have not ended. */
function take(drawn: DrawnNumbers, rows: readonly Row[], { onToken }: ResolvedOptions): void {
  rows.forEach((row, place) => {
    if (row.finish !== null) return;
    const [id, logp] = [drawn.ids[place] as number, drawn.logps[place] as number];
    row.push(id, logp, drawn.temperedLogps[place] as number, drawn.logits?.[place] ?? null);
    onToken?.({ prompt: row.prompt, sample: row.sample, id, logp, finish: row.finish });
  });
}

/** Tokens so far of every place, filled up with the place's last token. `[B, L]` */
function historyOf(rows: readonly Row[], batch: number): tf.Tensor2D {
  const lengths = rows.map(({ promptIds, ids }) => promptIds.length + ids.length);
  const length = lengthBucket(Math.max(...lengths));
  const history = new Int32Array(batch * length);
  for (let place = 0; place < batch; place++) {
    const row = (rows[place] ?? rows[0]) as Row;
    const begin = place * length;
    history.fill(row.lastId, begin, begin + length);
    history.set(row.promptIds, begin);
    history.set(row.ids, begin + row.promptIds.length);
  }
  return tf.tensor2d(history, [batch, length], "int32");
}

/** The tensors of the settings, which the caller disposes. */
export function choiceOf(options: ResolvedOptions): Choice {
  const scalar = (value: number | null) => (value === null ? null : tf.scalar(value));
  return {
    temperature: options.temperature === 1 ? 1 : scalar(options.temperature),
    topK: options.topK,
    topP: scalar(options.topP),
    minP: scalar(options.minP),
    penalty: scalar(options.repetitionPenalty),
  };
}
