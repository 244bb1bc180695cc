/** What a command knows of the world around it: where it writes and when it is asked to stop. */

/** Injected into every command, so that tests can run one within their own process. */
export interface Io {
  /** Results, for stdout. With `--json` nothing but JSON. */
  readonly out: (text: string) => void;
  /** Progress, warnings and errors, for stderr. */
  readonly err: (text: string) => void;
  /**
   * Aborted when the user interrupts, with an InterruptedError as the reason: finish what is at
   * hand, save, and throw it.
   */
  readonly signal: AbortSignal;
}
