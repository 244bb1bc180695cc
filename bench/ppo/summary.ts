/** Medians over rounds, ratios to the peer, and whether both sides computed the same. Pure. */
import { largestError, median } from "../harness/statistics.ts";
import { isNoisy, type Turns } from "../harness/turns.ts";
import { SIDES, type Side, TARGET } from "./contenders.ts";
import { PHASES, type Phase, type Run } from "./run.ts";
import { completionsOf, type SizeName, type Variant } from "./sizes.ts";

/** All runs of one case. */
export interface CaseTurns {
  readonly size: SizeName;
  readonly variant: Variant;
  /** By names of sides. */
  readonly turns: readonly Turns<Run>[];
}

/** A number of each side; null without runs. */
type Sides = Readonly<Record<Side, number | null>>;

/** One case. */
export interface Row {
  readonly size: SizeName;
  readonly variant: Variant;
  /** Medians over rounds of the median time of a step, ms. */
  readonly ms: Sides;
  /** Completions per second, from sampling to the last update. */
  readonly samplesPerSecond: Sides;
  /** Our completions per second over the peer's; null without a peer or when they disagree. */
  readonly ratio: number | null;
  readonly target: number;
  /** Medians over rounds, ms. */
  readonly phases: Readonly<Record<Phase, Sides>>;
  /** Largest peaks of all rounds, MiB. */
  readonly rssMiB: Sides;
  /** Tokens of a completion. */
  readonly meanLength: Sides;
  /** Null without a peer. */
  readonly agreement: Agreement | null;
  /** Rounds of each side during which others used the machine. */
  readonly noisyRounds: Sides;
}

/** How far both sides agree. */
export interface Agreement {
  /** Largest relative difference of what was computed of given texts. */
  readonly difference: number;
  readonly isSame: boolean;
}

/** Largest relative difference that is rounding in another order. */
const TOLERANCE = 1e-4;
/** Largest relative difference of mean lengths, which are of some hundred random completions. */
const LENGTH_TOLERANCE = 0.2;

/** A row per case that ran. */
export function summarise(cases: readonly CaseTurns[]): Row[] {
  return cases.flatMap(({ size, variant, turns }) => {
    const runsOf = (side: Side) => turns.find(({ id }) => id === side)?.runs ?? [];
    const [ours, peer] = SIDES.map(runsOf) as [readonly Run[], readonly Run[]];
    if (ours.length === 0 && peer.length === 0) return [];
    const bySide = (number: (runs: readonly Run[]) => number): Sides => ({
      ours: ours.length > 0 ? number(ours) : null,
      peer: peer.length > 0 ? number(peer) : null,
    });
    const medians = (number: (run: Run) => number) => bySide((runs) => median(runs.map(number)));
    const ms = medians((run) => run.ms);
    const meanLength = medians((run) => run.meanLength);
    const agreement = agreementOf(ours, peer, meanLength);
    const rate = (time: number | null) => time && (1000 * completionsOf(size)) / time;
    return [
      {
        size,
        variant,
        ms,
        samplesPerSecond: { ours: rate(ms.ours), peer: rate(ms.peer) },
        ratio: agreement?.isSame && ms.ours && ms.peer ? ms.peer / ms.ours : null,
        target: TARGET,
        phases: Object.fromEntries(
          PHASES.map((phase) => [phase, medians((run) => run.phases[phase])]),
        ) as Row["phases"],
        rssMiB: bySide((runs) => Math.max(...runs.map(({ rssMiB }) => rssMiB))),
        meanLength,
        agreement,
        noisyRounds: bySide((runs) => runs.filter(isNoisy).length),
      },
    ];
  });
}

/** Every round must agree with the peer's first. */
function agreementOf(
  ours: readonly Run[],
  [peer, ...others]: readonly Run[],
  meanLength: Sides,
): Agreement | null {
  if (!peer || ours.length === 0) return null;
  const differences = [...ours, ...others].map(({ check }) => largestError(check, peer.check) ?? 1);
  const difference = Math.max(...differences);
  const lengths = Math.abs((meanLength.ours ?? 0) / (meanLength.peer ?? 1) - 1);
  return { difference, isSame: difference <= TOLERANCE && lengths <= LENGTH_TOLERANCE };
}
