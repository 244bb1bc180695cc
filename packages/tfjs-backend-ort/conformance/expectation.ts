/**
 * Compares a run with the committed results. Only losses count: a spec that stops passing, specs or
 * kernels that move from ONNX Runtime to the cpu backend, calls that start to fall back.
 */
import { CATEGORY_TITLES, type Category, type Summary } from "./summary.ts";

/** Categories that may not shrink, and those that may not grow. */
const GOOD: readonly Category[] = ["onnx"];
const BAD: readonly Category[] = ["mixed", "fallback", "disabled", "excluded", "failed"];

/** What `actual` lost against `expected`, one line each; empty when nothing got worse. */
export function losses(expected: Summary, actual: Summary): string[] {
  const found: string[] = [];
  const compare = (what: string, want: number, got: number, worse: boolean) => {
    if (worse) found.push(`${what}: expected ${want}, got ${got}.`);
  };
  compare("specs in all", total(expected), total(actual), total(actual) < total(expected));
  for (const category of [...GOOD, ...BAD]) {
    const [want, got] = [expected.specs[category], actual.specs[category]];
    const worse = GOOD.includes(category) ? got < want : got > want;
    compare(`specs ${CATEGORY_TITLES[category]}`, want, got, worse);
  }
  for (const [name, want] of Object.entries(expected.kernels)) {
    const got = actual.kernels[name];
    if (!got) found.push(`kernel ${name}: expected it to be registered, got nothing.`);
    else if (want.handler && !got.handler) {
      found.push(`kernel ${name}: expected an ONNX handler, got none.`);
    } else {
      compare(
        `kernel ${name}, calls that fell back`,
        want.fallback,
        got.fallback,
        got.fallback > want.fallback,
      );
    }
  }
  return found;
}

/** Specs of all categories. */
export function total(summary: Summary): number {
  return Object.values(summary.specs).reduce((sum, count) => sum + count, 0);
}
