/** Runs contenders in turns, each in a process of its own, and repeats disturbed runs. */
import { spawn } from "node:child_process";
import type { Command, Contender, Host } from "./contenders.ts";
import type { Measurement } from "./measure.ts";
import type { SizeName } from "./sizes.ts";

/** A contender's last line. */
export interface Run extends Measurement {
  /** Losses of the first steps. */
  readonly losses?: readonly number[];
  readonly gflops?: number;
  readonly mode?: string;
  readonly firstStepMs?: number;
}

/** All runs of one contender at one size. */
export interface Turns {
  readonly contender: Contender;
  readonly size: SizeName;
  readonly runs: readonly Run[];
  /** Why there are no runs. */
  readonly failure?: string;
}

/** What {@link takeTurns} needs. */
export interface Schedule {
  readonly contenders: readonly Contender[];
  readonly size: SizeName;
  readonly rounds: number;
  readonly seconds: number;
  readonly host: Host;
  /** Told about every run. */
  readonly log: (line: string) => void;
}

/** Processors kept busy by others above which a run is repeated. */
const FOREIGN_LIMIT = 0.12;
const TRIES = 3;
/** torch.compile and wasm are slow to start on large models. */
const TIMEOUT_MS = 15 * 60_000;

/** Measures every contender once per round. A contender that fails once is left out from then on. */
export async function takeTurns(schedule: Schedule): Promise<Turns[]> {
  const { contenders, size, rounds, log } = schedule;
  const runs = new Map(contenders.map((contender) => [contender, [] as Run[]]));
  const failures = new Map<Contender, string>();
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      if (failures.has(contender)) continue;
      const label = `${size} ${round}/${rounds} ${contender.id}`;
      try {
        const run = await quietRun(contender, schedule);
        runs.get(contender)?.push(run);
        log(`${label}: ${run.ms.toFixed(1)} ms${isNoisy(run) ? ", disturbed" : ""}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.set(contender, reason);
        log(`${label}: FAILED, ${reason}`);
      }
    }
  }
  return contenders.map((contender) => {
    const failure = failures.get(contender);
    return { contender, size, runs: runs.get(contender) ?? [], ...(failure && { failure }) };
  });
}

/** Whether others used the machine during a run. */
export function isNoisy({ foreign }: Run): boolean {
  return foreign !== null && foreign > FOREIGN_LIMIT;
}

async function quietRun(contender: Contender, schedule: Schedule): Promise<Run> {
  const { size, seconds, host } = schedule;
  const command = contender.command(size, seconds, host);
  let best: Run | null = null;
  for (let i = 0; i < TRIES && (best === null || isNoisy(best)); i++) {
    const run = JSON.parse(await lastLine(command)) as Run;
    if (best === null || (run.foreign ?? 0) < (best.foreign ?? 0)) best = run;
  }
  return best as Run;
}

/** Runs a program. @returns the last line it prints @throws when it fails, with what it wrote */
export function lastLine({ program, args }: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const line = out.trim().split("\n").at(-1);
      if (code === 0 && line) return resolve(line);
      const tail = err.trim().split("\n").slice(-3).join(" | ");
      reject(new Error(`${program}: expected exit code 0, got ${code ?? signal}: ${tail}`));
    });
  });
}
