/** Runs contenders in turns, each in a process of its own, and repeats disturbed runs. */
import { type Command, lastLine } from "./processes.ts";

/** Someone who takes turns. */
export interface Entrant {
  readonly id: string;
  /** Prints a run as one line of JSON, its last. */
  readonly command: Command;
}

/** The least that a run tells. */
export interface Disturbance {
  /** Processors kept busy or taken by others meanwhile; null where the system does not tell. */
  readonly foreign: number | null;
}

/** All runs of one entrant. */
export interface Turns<Run> {
  readonly id: string;
  readonly runs: readonly Run[];
  /** Why there are no more runs. */
  readonly failure?: string;
}

/** What {@link takeTurns} needs. */
export interface Schedule<Run> {
  /** In the order of their turns. */
  readonly entrants: readonly Entrant[];
  readonly rounds: number;
  /** Times that a run is made until one is not disturbed. */
  readonly tries: number;
  /** What is measured, for the log. */
  readonly title: string;
  /** A run in a few words, for the log. */
  readonly describe: (run: Run) => string;
  /** Told about every run. */
  readonly log: (line: string) => void;
}

/** Processors kept busy by others above which a run is repeated. */
const FOREIGN_LIMIT = 0.12;

/** Measures every entrant once per round. One that fails once is left out from then on. */
export async function takeTurns<Run extends Disturbance>(
  schedule: Schedule<Run>,
): Promise<Turns<Run>[]> {
  const { entrants, rounds, tries, title, describe, log } = schedule;
  const runs = new Map(entrants.map(({ id }) => [id, [] as Run[]]));
  const failures = new Map<string, string>();
  for (let round = 1; round <= rounds; round++) {
    for (const { id, command } of entrants) {
      if (failures.has(id)) continue;
      const label = `${title} ${round}/${rounds} ${id}`;
      try {
        const run = await quietRun<Run>(command, tries);
        runs.get(id)?.push(run);
        log(`${label}: ${describe(run)}${isNoisy(run) ? ", disturbed" : ""}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.set(id, reason);
        log(`${label}: FAILED, ${reason}`);
      }
    }
  }
  return entrants.map(({ id }) => {
    const failure = failures.get(id);
    return { id, runs: runs.get(id) ?? [], ...(failure && { failure }) };
  });
}

/** Whether others used the machine during a run. */
export function isNoisy({ foreign }: Disturbance): boolean {
  return foreign !== null && foreign > FOREIGN_LIMIT;
}

async function quietRun<Run extends Disturbance>(command: Command, tries: number): Promise<Run> {
  let best: Run | null = null;
  for (let i = 0; i < tries && (best === null || isNoisy(best)); i++) {
    const run = JSON.parse(await lastLine(command)) as Run;
    if (best === null || (run.foreign ?? 0) < (best.foreign ?? 0)) best = run;
  }
  return best as Run;
}
