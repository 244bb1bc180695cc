/** Medians over rounds, ratios to the peers, and whether all computed the same. Pure. */
import { largestError, median } from "../harness/statistics.ts";
import { isNoisy, type Turns } from "../harness/turns.ts";
import { CONTENDERS, type Contender, isPeer, PEERS, type Peer, targetOf } from "./contenders.ts";
import type { Run } from "./run.ts";
import { SIZES, type SizeName, type Texts } from "./sizes.ts";

/** All runs at one size and length of texts. */
export interface CaseTurns {
  readonly size: SizeName;
  readonly texts: Texts;
  /** By names of contenders. */
  readonly turns: readonly Turns<Run>[];
}

/** One contender at one size and length of texts. */
export interface Row {
  readonly size: SizeName;
  readonly texts: Texts;
  readonly contender: Contender;
  /** Median over rounds of the median time of a step, ms. */
  readonly ms: number;
  readonly pairsPerSecond: number;
  /** Largest peak of all rounds, MiB. */
  readonly rssMiB: number;
  /** Rounds during which others used the machine. */
  readonly noisyRounds: number;
  /** From the first contender that computes exactly: TRL in float32, or else ours. */
  readonly agreement: Agreement;
  /** Of our rows. */
  readonly comparisons: readonly Comparison[];
}

/** How far a contender computes the same. */
export interface Agreement {
  /** Largest relative difference of reference log-probabilities and first losses, of all rounds. */
  readonly difference: number;
  readonly isSame: boolean;
}

/** One of ours beside a peer. */
export interface Comparison {
  readonly peer: Peer;
  /** Our pairs per second over theirs; null when they disagree. */
  readonly speed: number | null;
  readonly target: number | null;
  /** Our peak memory over theirs; at most 1 is aimed at. */
  readonly memory: number;
}

/** Differences that are rounding: in another order, and to the 8 bits of bfloat16. */
const TOLERANCES = { exact: 1e-4, bf16: 2e-2 };

/** A row per contender of every case that ran. */
export function summarise(cases: readonly CaseTurns[]): Row[] {
  return cases.flatMap((measured) => {
    const rows = CONTENDERS.flatMap((contender) => rowOf(measured, contender));
    return rows.map((row) => (isPeer(row.contender) ? row : { ...row, ...compared(row, rows) }));
  });
}

function rowOf({ size, texts, turns }: CaseTurns, contender: Contender): Row[] {
  const runsOf = (name: Contender) => turns.find(({ id }) => id === name)?.runs ?? [];
  const runs = runsOf(contender);
  const exact = [...runsOf("TRL fp32"), ...runsOf("concatenated"), ...runsOf("shared-prompt")];
  if (runs.length === 0) return [];
  const ms = median(runs.map((run) => run.ms));
  return [
    {
      size,
      texts,
      contender,
      ms,
      pairsPerSecond: (1000 * SIZES[size].batch) / ms,
      rssMiB: Math.max(...runs.map(({ rssMiB }) => rssMiB)),
      noisyRounds: runs.filter(isNoisy).length,
      agreement: agreementOf(contender, runs, exact[0] ?? (runs[0] as Run)),
      comparisons: [],
    },
  ];
}

function compared(row: Row, rows: readonly Row[]): Pick<Row, "comparisons"> {
  const comparisons = PEERS.flatMap((peer): Comparison[] => {
    const other = rows.find(({ contender }) => contender === peer);
    if (!other) return [];
    const isSame = row.agreement.isSame && other.agreement.isSame;
    return [
      {
        peer,
        speed: isSame ? row.pairsPerSecond / other.pairsPerSecond : null,
        target: targetOf(peer, row.size),
        memory: row.rssMiB / other.rssMiB,
      },
    ];
  });
  return { comparisons };
}

function agreementOf(contender: Contender, runs: readonly Run[], exact: Run): Agreement {
  const numbers = ({ reference, losses }: Run) => [...reference, ...losses];
  const differences = runs.map((run) => largestError(numbers(run), numbers(exact)) ?? 1);
  const difference = Math.max(...differences);
  const tolerance = contender === "TRL bf16" ? TOLERANCES.bf16 : TOLERANCES.exact;
  return { difference, isSame: difference <= tolerance };
}
