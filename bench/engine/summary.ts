/** Medians over rounds, comparison with the baseline, and whether all computed the same. Pure. */
import type { Measurement } from "../harness/measure.ts";
import { largestError, median } from "../harness/statistics.ts";
import { isNoisy, type Turns } from "../harness/turns.ts";
import { BASELINE, type Contender, type Task } from "./contenders.ts";
import { DECODE, type SizeName } from "./sizes.ts";

/** A contender's last line. */
export interface Run extends Measurement {
  /** Losses of the first steps. */
  readonly losses?: readonly number[];
  readonly gflops?: number;
  readonly mode?: string;
  readonly firstStepMs?: number;
}

/** All runs of one contender at one size. */
export interface SizeTurns extends Turns<Run> {
  readonly contender: Contender;
  readonly size: SizeName;
}

/** One contender at one size. */
export interface Row {
  readonly id: string;
  readonly size: SizeName;
  readonly task: Task;
  /** Median over rounds of the median step, ms; of a whole generation when decoding. */
  readonly ms: number;
  /** Fastest step of all rounds, ms. */
  readonly min: number;
  /** Time of the baseline over ours: above 1 is faster. */
  readonly speedup: number | null;
  readonly tokensPerSecond: number | null;
  readonly gflops: number | null;
  /** Of the rate of ONNX Runtime's matrix products alone, in [0, 1]. */
  readonly gemmShare: number | null;
  /** Largest peak of all rounds, MiB. */
  readonly rssMiB: number | null;
  /** Our peak over the baseline's: above 1 is more memory. */
  readonly memory: number | null;
  readonly losses: readonly number[];
  /** Largest relative difference of a loss from the baseline's. */
  readonly lossError: number | null;
  readonly mode: string | null;
  readonly rounds: number;
  /** Rounds during which others used the machine. */
  readonly noisyRounds: number;
}

/**
 * Largest relative difference of the first losses from fp32 PyTorch's that counts as the same
 * computation: rounding in another order, and bfloat16's 8 bits.
 */
export const LOSS_TOLERANCE = { fp32: 1e-4, bf16: 2e-2 } as const;

/** One row per contender that ran. */
export function summarise(turns: readonly SizeTurns[]): Row[] {
  const ran = turns.filter(({ runs }) => runs.length > 0).map(rowOf);
  return ran.map((row) => {
    const find = (id: string) => ran.find((other) => other.id === id && other.size === row.size);
    const baseline = find(BASELINE[row.task]);
    const gemm = find(BASELINE.gemm);
    return {
      ...row,
      speedup: baseline && row.task !== "gemm" ? baseline.ms / row.ms : null,
      memory: baseline?.rssMiB && row.rssMiB ? row.rssMiB / baseline.rssMiB : null,
      gemmShare: gemm?.gflops && row.gflops ? row.gflops / gemm.gflops : null,
      lossError: baseline ? largestError(row.losses, baseline.losses) : null,
    };
  });
}

/** Contenders whose losses differ from the baseline's by more than rounding. */
export function disagreements(rows: readonly Row[]): Row[] {
  return rows.filter(({ id, lossError }) => {
    const tolerance = id.includes("bf16") ? LOSS_TOLERANCE.bf16 : LOSS_TOLERANCE.fp32;
    return lossError !== null && !(lossError <= tolerance);
  });
}

function rowOf({ contender, size, runs }: SizeTurns): Row {
  const { id, task } = contender;
  const ms = median(runs.map((run) => run.ms));
  const rates = runs.flatMap(({ gflops }) => gflops ?? []);
  const peaks = runs.flatMap(({ rssMiB }) => rssMiB ?? []);
  return {
    id,
    size,
    task,
    ms,
    min: Math.min(...runs.map((run) => run.min ?? run.ms)),
    speedup: null,
    tokensPerSecond: task === "decode" ? (1000 * DECODE.batch * DECODE.tokens) / ms : null,
    gflops: rates.length > 0 ? median(rates) : null,
    gemmShare: null,
    rssMiB: peaks.length > 0 ? Math.max(...peaks) : null,
    memory: null,
    losses: runs[0]?.losses ?? [],
    lossError: null,
    mode: runs[0]?.mode ?? null,
    rounds: runs.length,
    noisyRounds: runs.filter(isNoisy).length,
  };
}
