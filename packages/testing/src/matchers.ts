/**
 * The vitest matcher `toBeAllClose`. The shared vitest settings install it in every project, so a
 * test uses it without an import.
 */
import { expect } from "vitest";
import { type AllCloseReport, compareAllClose, type Numbers, type Tolerance } from "./all-close.ts";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: a merged interface must repeat vitest's parameters
  interface Matchers<T = any> {
    /**
     * Passes when both sides are as long and every element is within the tolerance. NaN matches
     * NaN only, an infinity only itself. A failure names the worst element.
     */
    toBeAllClose(expected: Numbers, tolerance: Tolerance): T;
  }
}

expect.extend({
  toBeAllClose(actual: Numbers, expected: Numbers, tolerance: Tolerance) {
    const report = compareAllClose(actual, expected, tolerance);
    return { pass: report.pass, message: () => describeReport(report, tolerance) };
  },
});

function describeReport(report: AllCloseReport, { rtol, atol }: Tolerance): string {
  const { lengths, mismatches, worst } = report;
  if (lengths.actual !== lengths.expected) {
    return `toBeAllClose: expected ${lengths.expected} elements, got ${lengths.actual}`;
  }
  const counts = `${mismatches} of ${lengths.actual} elements differ (rtol ${rtol}, atol ${atol})`;
  if (worst === undefined) return `toBeAllClose: ${counts}`;
  return (
    `toBeAllClose: ${counts}; worst at index ${worst.index}: expected ${worst.expected}, ` +
    `got ${worst.actual}, error ${worst.error.toExponential(3)}, ` +
    `allowed ${worst.allowed.toExponential(3)}`
  );
}
