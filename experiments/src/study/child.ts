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
  });
  const stop = () => child.kill("SIGINT");
  signal.addEventListener("abort", stop);
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => onEvent(JSON.parse(line)));
  createInterface({ input: child.stderr }).on("line", (line) => {
    errors.push(line);
    if (errors.length > LAST_LINES) errors.shift();
  });
  try {
    const code = await exitOf(child);
    if (code === EXIT.ok) return;
    if (signal.aborted) throw new InterruptedError("interrupted");
    throw new CommandError(
      `preflab ${args.join(" ")} ended with ${code}:\n${errors.map((line) => `  ${line}`).join("\n")}`,
    );
  } finally {
    signal.removeEventListener("abort", stop);
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
