/**
 * Log-probabilities of rows, in input order and bounded memory: rows are read in groups, and those
 * of a group computed in batches of like lengths. The maths is @preflab/lm's.
 */
import { setImmediate } from "node:timers/promises";
import { type LoadedModel, padRows, tokenLogps } from "@preflab/lm";
import { jit } from "@preflab/tfjs-backend-ort";
import { dispose, type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";
import { groupsOf, type PlannedBatch, planBatches } from "./batches.ts";
import type { ScoringRow } from "./rows.ts";

/** What is known of a row. */
export interface RowScore {
  /** Sum over the tokens of the completion, nats. */
  readonly logps: number;
  /** Number of tokens summed. */
  readonly nTokens: number;
  /** `[T - 1]` nats; entry t belongs to token t + 1 and is 0 where either is padding. */
  readonly tokenLogps: readonly number[];
}

/** Settings of {@link scoreRows}. */
export interface ScoreOptions {
  /** Most rows computed together. */
  readonly batchSize: number;
  /** Looked at between batches; once aborted, its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Most tokens of a batch, padding included: more takes memory and no less time. */
const BATCH_TOKENS = 8192;

/** Tokens of a group: enough to find rows of like lengths, few enough to show progress. */
const GROUP_TOKENS = 8 * BATCH_TOKENS;

/** Tokens that a row counts for at least, which bounds the rows of a group. */
const ROW_WEIGHT = 32;

type Program = ReturnType<typeof scoringProgram>;

/** The scores of rows, in their order. */
export async function* scoreRows(
  model: LoadedModel,
  rows: AsyncIterable<ScoringRow>,
  { batchSize, signal }: ScoreOptions,
): AsyncGenerator<RowScore> {
  const { position, maxPositions } = model.config;
  const limits = {
    rows: batchSize,
    tokens: BATCH_TOKENS,
    length: position.kind === "learned" ? maxPositions : Number.POSITIVE_INFINITY,
  };
  const program = scoringProgram(model);
  try {
    const weight = ({ ids }: ScoringRow) => Math.max(ids.length, ROW_WEIGHT);
    for await (const group of groupsOf(rows, GROUP_TOKENS, weight)) {
      const trimmed = group.map(withoutOuterPadding);
      const logps = trimmed.map(({ ids }) => new Float32Array(Math.max(0, ids.length - 1)));
      for (const batch of planBatches(
        trimmed.map(({ ids }) => ids.length),
        limits,
      )) {
        // Backends that compute in JavaScript let no signal through otherwise.
        await setImmediate();
        signal.throwIfAborted();
        await computeBatch(program, trimmed, batch, logps);
      }
      yield* group.map((row, i) => {
        return scoreOf(row, trimmed[i] as TrimmedRow, logps[i] as Float32Array);
      });
    }
  } finally {
    program.dispose();
  }
}

/** The tokens of a row between its first and its last real one. */
interface TrimmedRow {
  readonly start: number;
  readonly ids: readonly number[];
  readonly mask: readonly number[];
}

/** Padding around a row changes nothing but the time that it takes. */
function withoutOuterPadding({ ids, attentionMask }: ScoringRow): TrimmedRow {
  const start = Math.max(0, attentionMask.indexOf(1));
  const end = attentionMask.lastIndexOf(1) + 1;
  return { start, ids: ids.slice(start, end), mask: attentionMask.slice(start, end) };
}

function scoringProgram({ config, params }: LoadedModel) {
  return jit(
    (ids: Tensor2D, attentionMask: Tensor2D) =>
      tokenLogps({ config, params }, { ids, attentionMask }),
    { name: "logps", whenFull: "evict" },
  );
}

/** Fills `logps` of the rows of a batch. */
async function computeBatch(
  program: Program,
  rows: readonly TrimmedRow[],
  { rows: chosen, size, length }: PlannedBatch,
  logps: readonly Float32Array[],
): Promise<void> {
  const members = chosen.map((row) => rows[row] as TrimmedRow);
  // Nothing is predicted in rows of one token or none.
  if ((members[0] as TrimmedRow).ids.length < 2) return;
  const empty = Array<readonly number[]>(size - members.length).fill([]);
  const rectangle = (lists: readonly (readonly number[])[]) => {
    const { ids, shape } = padRows([...lists, ...empty], { side: "right", fillId: 0, length });
    return tensor2d(ids, [...shape], "int32");
  };
  const inputs = [
    rectangle(members.map(({ ids }) => ids)),
    rectangle(members.map(({ mask }) => mask)),
  ] as const;
  const result = await program.async(...inputs);
  const values = await result.data<"float32">();
  dispose([...inputs, result]);
  chosen.forEach((row, i) => {
    const target = logps[row] as Float32Array;
    target.set(values.subarray(i * (length - 1), i * (length - 1) + target.length));
  });
}

/** @param computed log-probabilities of the trimmed row's tokens but the first */
function scoreOf(row: ScoringRow, { start }: TrimmedRow, computed: Float32Array): RowScore {
  const { ids, attentionMask, completionMask } = row;
  const tokenLogps = new Array<number>(ids.length - 1).fill(0);
  let logps = 0;
  let nTokens = 0;
  for (let t = 0; t + 1 < ids.length; t++) {
    if (attentionMask[t] !== 1 || attentionMask[t + 1] !== 1) continue;
    const logp = computed[t - start] as number;
    tokenLogps[t] = logp;
    if (completionMask[t + 1] !== 1) continue;
    logps += logp;
    nTokens++;
  }
  return { logps, nTokens, tokenLogps };
}
