/** The error of everything that reads or writes a model folder. */

/**
 * A file of a model folder that cannot be used: damaged, hostile, or of a kind that is not
 * supported. The message names the file or tensor and says what to do.
 */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** Names for a message: all of a short list, else the first ten and how many more. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(", ");
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
