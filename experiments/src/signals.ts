/** SIGINT and SIGTERM: the first asks the command to finish and save, the second ends it at once. */
import { EXIT, InterruptedError } from "./errors.ts";

/** The part of `process` that is needed. */
export interface SignalSource {
  on(name: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Listens for signals from now on.
 * @param warn tells the user what the first signal does
 * @returns aborted by the first signal, with an InterruptedError as the reason
 */
export function interruptSignal(source: SignalSource, warn: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) source.exit(EXIT.interrupted);
    warn("preflab: stopping after the work at hand; interrupt again to stop at once.\n");
    controller.abort(new InterruptedError("interrupted; what was finished by then is written."));
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) source.on(name, listener);
  return controller.signal;
}
