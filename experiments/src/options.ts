/** Values of options: parsed, checked, and refused with what would be valid (exit code 2). */
import { InvalidArgumentError } from "commander";

/** Bytes per unit, by lower-case name. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Parser of integers in `[low, high]`. */
export function integerFrom(
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
  return (text) => {
    const value = numberIn(text);
    if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`Expected an integer ${range}.`);
  };
}

/**
 * Parser of finite numbers.
 * @param holds whether a number is in range
 * @param range in words, such as "above 0"
 */
export function numberThat(
  holds: (value: number) => boolean,
  range: string,
): (text: string) => number {
  return (text) => {
    const value = numberIn(text);
    if (Number.isFinite(value) && holds(value)) return value;
    throw new InvalidArgumentError(`Expected a number ${range}.`);
  };
}

/** Bytes: `4000000000`, `4GB` (10^9) or `4GiB` (2^30). */
export function parseBytes(text: string): number {
  const [, amount = "", unit = ""] = /^([\d.]+)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const bytes = numberIn(amount) * (UNITS[unit.toLowerCase() || "b"] ?? Number.NaN);
  if (bytes >= 1) return Math.floor(bytes);
  throw new InvalidArgumentError(
    "Expected bytes above 0, plain or in KB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 4GB.",
  );
}

/** Gathers the values of an option that may be given several times; none of them may be empty. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  if (value !== "") return [...before, value];
  throw new InvalidArgumentError("Expected a text that is not empty.");
}

/** The number that a text spells; NaN for others, the empty one included. */
function numberIn(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
