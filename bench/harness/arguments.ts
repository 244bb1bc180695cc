/** Values of command-line options. */

/** The parts of a list such as `a, b`. */
export function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Parts of a list that must be known names. @throws Error for others */
export function namesOf<Name extends string>(
  option: string,
  what: string,
  text: string,
  known: readonly Name[],
): Name[] {
  return list(text).map((part) => {
    const name = known.find((name) => name === part);
    if (name !== undefined) return name;
    throw new Error(`${option}: expected ${what} of ${known}, got "${part}".`);
  });
}

/** @throws Error for what is not a number of at least 1 */
export function positive(option: string, text: string): number {
  const number = Number(text);
  if (number >= 1) return number;
  throw new Error(`${option}: expected a number of at least 1, got "${text}".`);
}
