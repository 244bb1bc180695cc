/** Values of command-line options, and the options that every benchmark has. */

/** What every benchmark can be told, as parsed. */
export interface CommonOptions {
  readonly help: boolean;
  /** Path of the peers' Python. */
  readonly python: string | null;
  readonly rounds: number;
  /** Of measuring per turn. */
  readonly seconds: number;
  /** Folder of the results. */
  readonly out: string;
}

/** Their description for `parseArgs`. @param rounds default @param seconds default */
export function commonArguments(rounds: number, seconds: number) {
  return {
    help: { type: "boolean", short: "h", default: false },
    python: { type: "string" },
    rounds: { type: "string", default: `${rounds}` },
    seconds: { type: "string", default: `${seconds}` },
    out: { type: "string", default: "bench/results" },
  } as const;
}

/** Their values. @throws Error for numbers below 1 */
export function readCommon(values: {
  readonly help: boolean;
  readonly python?: string | undefined;
  readonly rounds: string;
  readonly seconds: string;
  readonly out: string;
}): CommonOptions {
  return {
    help: values.help,
    python: values.python ?? null,
    rounds: positive("--rounds", values.rounds),
    seconds: positive("--seconds", values.seconds),
    out: values.out,
  };
}

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

function positive(option: string, text: string): number {
  const number = Number(text);
  if (number >= 1) return number;
  throw new Error(`${option}: expected a number of at least 1, got "${text}".`);
}
