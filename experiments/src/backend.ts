/** The options of every command that computes, and the backend that they choose. */
import type { BackendChoice, Selection } from "@preflab/tfjs-backend-ort";
import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import { integerFrom, parseBytes } from "./options.ts";

/** Values of the options. */
export interface BackendOptions {
  readonly backend: BackendChoice;
  readonly threads?: number;
  /** Bytes. */
  readonly memoryLimit?: number;
}

/** Values of `--backend`. */
export const BACKENDS: readonly BackendChoice[] = ["auto", "tensorflow", "ort", "wasm", "cpu"];

/** Backends that run one thread whatever is asked. */
const SINGLE_THREADED: ReadonlySet<string> = new Set(["wasm", "cpu"]);

/**
 * Adds `--backend`, `--threads` and `--memory-limit`.
 * @param fallback the backend where none is asked for
 */
export function addBackendOptions(command: Command, fallback: BackendChoice = "auto"): Command {
  return command
    .addOption(
      new Option("--backend <name>", "what computes; auto takes the fastest that works")
        .choices(BACKENDS)
        .default(fallback),
    )
    .option("--threads <n>", "threads of the backend (default: one per core)", integerFrom(1))
    .option(
      "--memory-limit <bytes>",
      "most memory that one run of a compiled program may need, such as 4GB; backend ort only " +
        "(default: 80% of what is free)",
      parseBytes,
    );
}

/** Adds `--seed`, for commands that draw random numbers. */
export function addSeedOption(command: Command): Command {
  return command.option(
    "--seed <n>",
    "seed of all random numbers; the same seed gives the same result",
    integerFrom(0),
    0,
  );
}

/**
 * Makes the chosen backend current, and says on stderr which one it is.
 * @returns what was selected, and why
 * @throws UnavailableError when it cannot work here
 */
export async function startBackend(options: BackendOptions, io: Io): Promise<Selection> {
  const { backend, threads, memoryLimit } = options;
  // The only place where TensorFlow looks for it.
  if (threads !== undefined) process.env["TF_NUM_INTRAOP_THREADS"] = String(threads);
  const { selectBackend, setMemoryLimit } = await import("@preflab/tfjs-backend-ort");
  setMemoryLimit(memoryLimit);
  const selection = await selectBackend(backend, threads === undefined ? {} : { threads });
  const { name, reason } = selection;
  io.err(`backend ${reason}\n`);
  if (threads !== undefined && threads > 1 && SINGLE_THREADED.has(name)) {
    io.err(`warning: --threads ${threads} has no effect, backend ${name} runs one thread\n`);
  }
  if (memoryLimit !== undefined && name !== "ort") {
    io.err(`warning: --memory-limit has no effect on backend ${name}\n`);
  }
  return selection;
}
