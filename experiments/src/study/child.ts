/** One stage in a process of its own, which tells how far it is as lines of JSON on its stdout. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CommandError, EXIT, InterruptedError } from "../errors.ts";
import type { StageProgress } from "./experiment.ts";

/** A line that `preflab run --json` prints. */
export type StageEvent =
  | { readonly stage: string; readonly progress: StageProgress }
  | { readonly stage: string; readonly say: string };

/** Most lines of a failed process that are shown. */
const LAST_LINES = 20;

/** Those of this process, which end with it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** What is started. */
export interface ChildOptions {
  /** Arguments of `preflab`. */
  readonly args: readonly string[];
  readonly onEvent: (event: StageEvent) => void;
  /** Aborted: the process is asked to save and end. */
  readonly signal: AbortSignal;
}

/**
 * Runs a process to its end.
 * @throws InterruptedError if it was asked to end
 * @throws CommandError with its last lines if it failed
 */
export async function runChild({ args, onEvent, signal }: ChildOptions): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, entry(), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches it once, from here, and not a second time from the
    // terminal, which would end it before it has saved.
    detached: true,
    windowsHide: true,
  });
  const stop = () => child.kill("SIGINT");
  signal.addEventListener("abort", stop);
  running.add(child);
  const errors: string[] = [];
  const keep = (line: string) => {
    errors.push(line);
    if (errors.length > LAST_LINES) errors.shift();
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseEvent(line);
    if (event) onEvent(event);
    else keep(line);
  });
  createInterface({ input: child.stderr }).on("line", keep);
  try {
    const code = await exitOf(child);
    if (code === EXIT.ok) return;
    if (signal.aborted) throw new InterruptedError("interrupted");
    throw new CommandError(
      `preflab ${args.join(" ")} ended with ${code}:\n${errors.map((line) => `  ${line}`).join("\n")}`,
    );
  } finally {
    running.delete(child);
    signal.removeEventListener("abort", stop);
  }
}

/** Null for a line that something else has printed. */
function parseEvent(line: string): StageEvent | null {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null && "stage" in event
      ? (event as StageEvent)
      : null;
  } catch {
    return null;
  }
}

/** The program that this process runs. */
function entry(): string {
  return process.argv[1] as string;
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // Once its output was read to the end, too.
    child.on("close", (code, signal) => resolve(code ?? signal ?? EXIT.failed));
  });
}
