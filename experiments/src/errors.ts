/**
 * Exit codes, the errors that lead to them, and how errors are printed: what a user can mend as one
 * message, anything else with its stack.
 */
import type { Io } from "./io.ts";

/** Exit codes: success, the work failed or found errors, wrong usage, interrupted by a signal. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The work failed for a reason that the message explains: exit code 1, no stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** The command line asks for what cannot be: exit code 2. The message lists the valid choices. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The work stopped because of a signal; the message says what is done: exit code 130. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/**
 * Errors that users can mend. By name, since importing the packages that define them would slow
 * every start.
 */
const EXPECTED = new Set([
  "ChatTemplateError",
  "CheckpointError",
  "CollapseError",
  "CommandError",
  "ConfigError",
  "DataError",
  "HubError",
  "InterruptedError",
  "JudgeError",
  "MemoryLimitError",
  "NonFiniteError",
  "RewardError",
  "UnavailableError",
  "UsageError",
]);

/**
 * Prints an error.
 * @param command what was running, such as `preflab logps`
 * @returns the exit code
 */
export function reportError(error: unknown, command: string, io: Io): number {
  if (isExpected(error)) io.err(`${command}: ${error.message}${adviceOn(error)}\n`);
  else {
    const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.err(`${command}: unexpected error, please report it with this text.\n${shown}\n`);
  }
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof InterruptedError ? EXIT.interrupted : EXIT.failed;
}

/** What to do where the message of the system does not say. */
function adviceOn(error: Error): string {
  if (!("code" in error && error.code === "ENOSPC")) return "";
  return ". The disk that results go to is full: make room, and run the same command again.";
}

function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // Failures of the file system name the call, and say enough: ENOENT, EACCES, ENOSPC.
  return EXPECTED.has(error.name) || "syscall" in error;
}
