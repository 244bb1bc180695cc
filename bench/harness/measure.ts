/** Timing inside a contender's process: repeats one step and reports the machine beside it. */
import { readFileSync } from "node:fs";
import process from "node:process";

/** Times of one step, and what else was going on. */
export interface Measurement {
  /** Median and smallest time of a step, ms. */
  readonly ms: number;
  readonly min: number;
  readonly steps: number;
  /** Processors kept busy or taken by others meanwhile; null where the system does not tell. */
  readonly foreign: number | null;
  /** Largest resident set so far, MiB. */
  readonly rssMiB: number;
}

/** Steps before the clock starts, unless one takes all the time: compilation, first touch of memory. */
const WARM_UP = 2;

/**
 * Runs `step` for about `seconds`, after about as long a warm-up at most.
 * @param fewest steps that are measured however long they take; default 3
 */
export async function measure(
  step: () => Promise<void> | void,
  seconds: number,
  fewest = 3,
): Promise<Measurement> {
  const limit = 1000 * seconds;
  const warm = performance.now();
  for (let i = 0; i < WARM_UP && performance.now() - warm < limit; i++) await step();
  const times: number[] = [];
  const start = performance.now();
  const before = { all: busySeconds(), own: process.cpuUsage() };
  while (performance.now() - start < limit || times.length < fewest) {
    const began = performance.now();
    await step();
    times.push(performance.now() - began);
  }
  const elapsed = (performance.now() - start) / 1000;
  const own = process.cpuUsage(before.own);
  const all = busySeconds();
  const foreign =
    all === null || before.all === null
      ? null
      : (all - before.all - (own.user + own.system) / 1e6) / elapsed;
  times.sort((a, b) => a - b);
  return {
    ms: times[times.length >> 1] as number,
    min: times[0] as number,
    steps: times.length,
    foreign,
    rssMiB: peakMiB(),
  };
}

/** Largest resident set of this process so far, MiB. */
function peakMiB(): number {
  const status = readOrNull("/proc/self/status");
  const peak = status && /VmHWM:\s+(\d+)/.exec(status)?.[1];
  return (peak ? Number(peak) : process.resourceUsage().maxRSS) / 1024;
}

/**
 * Seconds that all processors together have not been free since start, Linux only: what programs
 * here computed, and what the host gave to other machines ("steal").
 */
function busySeconds(): number | null {
  const line = readOrNull("/proc/stat")?.split("\n")[0];
  if (!line) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
