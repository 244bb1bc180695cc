/** Optimizer state in and out of a checkpoint: copies by key, checked against what is expected. */

/** Where one slot of one parameter lives. */
export interface SlotReader {
  /** Elements. */
  readonly size: number;
  readonly read: () => Float32Array;
}

/** Copies of all slots. */
export function readSlots(
  slots: Readonly<Record<string, SlotReader>>,
): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(
    Object.entries(slots).map(([key, { read }]) => [key, Float32Array.from(read())]),
  );
}

/**
 * Hands every saved slot to `write`, after checking all of them.
 * @throws when keys or sizes differ from `slots`, before anything is written
 */
export function writeSlots(
  slots: Readonly<Record<string, SlotReader>>,
  saved: Readonly<Record<string, Float32Array>>,
  write: (key: string, data: Float32Array) => void,
): void {
  const unknown = Object.keys(saved).filter((key) => !slots[key]);
  if (unknown.length > 0) {
    throw new Error(
      `restore: expected optimizer state of these parameters, got unknown slots ` +
        `${unknown.slice(0, 3).join(", ")}. Is it another optimizer's or another model's?`,
    );
  }
  for (const [key, { size }] of Object.entries(slots)) {
    const length = saved[key]?.length;
    if (length !== size) {
      throw new Error(
        `restore: expected ${size} elements for slot ${key}, got ${length ?? "none"}. The state ` +
          "belongs to another model or optimizer.",
      );
    }
  }
  for (const key of Object.keys(slots)) write(key, saved[key] as Float32Array);
}
