/** Medians over rounds, ratios to the peer, and whether both sides computed the same. Pure. */
import { largestError, median } from "../harness/statistics.ts";
import { isNoisy, type Turns } from "../harness/turns.ts";
import { type Job, SIDES, type Side, targetOf } from "./jobs.ts";
import type { Run } from "./run.ts";
import { GENERATION, SIZES, type SizeName } from "./sizes.ts";

/** All runs of one job at one size, those of the peer if there is one. */
export interface JobTurns {
  readonly job: Job;
  readonly size: SizeName;
  readonly turns: readonly Turns<Run>[];
}

/** A number of each side; null without runs. */
type Sides = Readonly<Record<Side, number | null>>;

/** One part of a job at one size. */
export interface Row {
  readonly size: SizeName;
  readonly title: string;
  /** Medians over rounds of the median time, ms. */
  readonly ms: Sides;
  readonly tokensPerSecond: Sides;
  /** Our tokens per second over the peer's; null without a peer or when they disagree. */
  readonly ratio: number | null;
  readonly target: number | null;
  /** Largest peaks of all rounds, of the whole job, MiB. */
  readonly rssMiB: Sides;
  readonly agreement: Agreement | null;
  /** Rounds of each side during which others used the machine. */
  readonly noisyRounds: Sides;
}

/** How far both sides agree on what they computed. */
export interface Agreement {
  /** Largest relative difference of losses or log-probabilities, or the share of other ids. */
  readonly difference: number;
  readonly isSame: boolean;
}

/**
 * Largest relative difference of losses and log-probabilities that is rounding in another order.
 * Greedy ids have to be equal: no two logits of the chosen model are so close that it matters.
 */
const TOLERANCE = 1e-4;

/** A row per part of every job that ran. */
export function summarise(jobs: readonly JobTurns[]): Row[] {
  return jobs.flatMap(({ job, size, turns }) => {
    const runs = (side: Side) => turns.find(({ id }) => id === side)?.runs ?? [];
    const [ours, peer] = SIDES.map(runs) as [readonly Run[], readonly Run[]];
    if (ours.length === 0 && peer.length === 0) return [];
    const agreement = agreementOf(job, ours, peer);
    const bySide = (number: (runs: readonly Run[]) => number): Sides => ({
      ours: ours.length > 0 ? number(ours) : null,
      peer: peer.length > 0 ? number(peer) : null,
    });
    return Object.entries(job.parts).map(([part, title]): Row => {
      const ms = bySide((runs) => median(runs.flatMap(({ parts }) => parts[part]?.ms ?? [])));
      return {
        size,
        title,
        ms,
        tokensPerSecond: { ours: rate(job, size, ms.ours), peer: rate(job, size, ms.peer) },
        ratio: agreement?.isSame && ms.ours && ms.peer ? ms.peer / ms.ours : null,
        target: targetOf(job, size),
        rssMiB: bySide((runs) => Math.max(...runs.map(({ rssMiB }) => rssMiB))),
        agreement,
        noisyRounds: bySide((runs) => runs.filter(isNoisy).length),
      };
    });
  });
}

/** Tokens of one measured step: new ones of a generation, else all of the batch. */
function tokensOf({ rows }: Job, size: SizeName): number {
  const { batch, length } = SIZES[size];
  return rows === null ? batch * length : rows * GENERATION.newTokens;
}

function rate(job: Job, size: SizeName, ms: number | null): number | null {
  return ms === null ? null : (1000 * tokensOf(job, size)) / ms;
}

/** Compares what both sides printed; every round must agree with the peer's first. */
function agreementOf(
  job: Job,
  ours: readonly Run[],
  [peer, ...others]: readonly Run[],
): Agreement | null {
  if (!peer || ours.length === 0) return null;
  const difference = job.task === "generate" ? shareOfOthers : largestError;
  const differences = [...ours, ...others].map(({ check }) => difference(check, peer.check) ?? 1);
  const most = Math.max(...differences);
  return { difference: most, isSame: most <= (job.task === "generate" ? 0 : TOLERANCE) };
}

/** Share of positions that hold other numbers; all when there are more on one side, or none. */
function shareOfOthers(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length === 0 || actual.length !== expected.length) return 1;
  return actual.filter((value, i) => value !== expected[i]).length / actual.length;
}
