/** Numbers as a report writes them. */
import { short } from "../figures/parts.ts";
import type { Estimate } from "../statistics/bootstrap.ts";
import type { Interval } from "../statistics/settings.ts";

/** What stands for a number that there is none of. */
export const NONE = "–";

/** To three digits; {@link NONE} for what was not measured. */
export function plain(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : short(value).replace("-", "−");
}

/** A mean with its interval, to the digits that the interval leaves. */
export function withInterval(interval: Interval | null): string {
  if (!interval) return NONE;
  const { mean, low, high } = interval;
  if (low === null || high === null || low === high) return plain(mean);
  const [a, b, c] = [mean, low, high].map((value) => fixed(value, decimals(high - low)));
  return `${a} [${b}, ${c}]`.replaceAll("-", "−");
}

/** A share with its interval to three decimals: two would hide on which side of a half an end is. */
export function share({ mean, low, high }: Estimate): string {
  const [a, b, c] = [mean, low, high].map((value) => fixed(value, 3));
  return `${a} [${b}, ${c}]`;
}

/** A mean with its standard error, to the digits that the error leaves. */
export function withError(mean: number, error: number): string {
  const [a, b] = [mean, error].map((value) => fixed(value, decimals(error)));
  return `${a} ± ${b}`.replaceAll("-", "−");
}

/** A difference with its sign and interval. */
export function difference({ mean, low, high }: Estimate): string {
  const [a, b, c] = [mean, low, high].map((value) => {
    const text = fixed(value, decimals(high - low));
    return text.startsWith("-") ? text : `+${text}`;
  });
  return `${a} [${b}, ${c}]`.replaceAll("-", "−");
}

/** Decimals that show a width with two digits. */
function decimals(width: number): number {
  return width > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(width)))) : 3;
}

/** So many decimals, without the sign of a zero. */
function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A large number with a prefix: `1.2M`. */
export function large(value: number): string {
  const prefixes = ["", "k", "M", "G", "T", "P", "E"];
  const power = Math.floor(Math.log10(Math.max(1, value)) / 3);
  return `${short(value / 1000 ** power)}${prefixes[power] ?? `e${3 * power}`}`;
}

/** A time: `41 s`, `3.2 min`, `1.4 h`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${short(seconds)} s`;
  return seconds < 6000 ? `${short(seconds / 60)} min` : `${short(seconds / 3600)} h`;
}
