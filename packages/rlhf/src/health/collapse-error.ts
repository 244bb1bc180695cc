/** The error of a run that is stopped because its policy collapses. */

/** Training stopped at signs of collapse, with `health.action` stop. */
export class CollapseError extends Error {
  override readonly name = "CollapseError";
  /** The step that was the last, from 1. */
  readonly step: number;
  /** Sentences on what is wrong. */
  readonly signs: readonly string[];
  /** The last checkpoint, if there is one. */
  readonly checkpoint: string | null;

  constructor(where: string, step: number, signs: readonly string[], checkpoint: string | null) {
    super(
      `${where}: expected a healthy policy at step ${step}, got signs of collapse: ` +
        `${signs.join(" ")} The last checkpoint is ${checkpoint ?? "none: set saveEvery"}. ` +
        "Bounds are those of health; its action warn goes on regardless.",
    );
    this.step = step;
    this.signs = signs;
    this.checkpoint = checkpoint;
  }
}
