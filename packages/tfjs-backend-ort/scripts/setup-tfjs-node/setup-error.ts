/** A reason why the setup cannot go on, to be shown without a stack. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
