/** How results and progress are written. */
import type { Io } from "./io.ts";

/** Shortest time between two lines of progress, ms. */
const PROGRESS_INTERVAL = 5000;

/**
 * JSON on one line. Numbers that JSON lacks become the strings "NaN", "Infinity" and "-Infinity".
 * @param indent spaces per level, for documents rather than lines
 */
export function toJson(value: unknown, indent?: number): string {
  const named = (_key: string, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  return JSON.stringify(value, named, indent);
}

/** A number of bytes for people, to three digits: `1.23 MB`. */
export function bytes(number: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, number)) / 3));
  return `${Number((number / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

/**
 * A function that reports progress on stderr, at most every five seconds, so that short work stays
 * silent and logs stay short.
 */
export function progressTo(io: Pick<Io, "err">): (message: string) => void {
  let last = performance.now();
  return (message) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL) return;
    last = now;
    io.err(`${message}\n`);
  };
}

/** Rows of cells as lines, each column as wide as its widest cell and aligned to the right. */
export function alignedRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0)));
  const lines = rows.map((row) => row.map((text, k) => text.padStart(widths[k] ?? 0)).join("  "));
  return lines.map((line) => `${line}\n`).join("");
}
