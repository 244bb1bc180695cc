/**
 * Elementwise comparison of numbers within a tolerance, as a pure function. The vitest matcher
 * built on it is in matchers.ts.
 */

/** How far an element may be from the expected one: `|actual - expected| <= atol + rtol * |expected|`. */
export interface Tolerance {
  /** Relative tolerance, >= 0. */
  readonly rtol: number;
  /** Absolute tolerance, >= 0, in the unit of the values. */
  readonly atol: number;
}

/** One number or a flat list of them: a plain or a typed array. */
export type Numbers = number | ArrayLike<number>;

/** One compared element. */
export interface Comparison {
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  /** `|actual - expected|`; Infinity where one is NaN, or infinite, and the other is not the same. */
  readonly error: number;
  /** `atol + rtol * |expected|`. */
  readonly allowed: number;
}

/** Result of {@link compareAllClose}. */
export interface AllCloseReport {
  readonly pass: boolean;
  /** Number of elements of each side. */
  readonly lengths: { readonly actual: number; readonly expected: number };
  /** Number of elements outside the tolerance; 0 when the lengths differ. */
  readonly mismatches: number;
  /** The element with the largest error relative to what is allowed; none for empty lists. */
  readonly worst: Comparison | undefined;
}

/**
 * Compares two lists of numbers element by element. NaN is close to NaN only and an infinity only
 * to the same infinity, whatever the tolerance; two empty lists are close.
 *
 * @throws RangeError when a tolerance is negative or not finite.
 */
export function compareAllClose(
  actual: Numbers,
  expected: Numbers,
  tolerance: Tolerance,
): AllCloseReport {
  checkTolerance("rtol", tolerance.rtol);
  checkTolerance("atol", tolerance.atol);
  const left = asList(actual);
  const right = asList(expected);
  const lengths = { actual: left.length, expected: right.length };
  if (left.length !== right.length)
    return { pass: false, lengths, mismatches: 0, worst: undefined };

  let mismatches = 0;
  let worst: Comparison | undefined;
  for (let index = 0; index < left.length; index++) {
    const comparison = compare(index, left[index] as number, right[index] as number, tolerance);
    if (comparison.error > comparison.allowed) mismatches++;
    if (worst === undefined || excess(comparison) > excess(worst)) worst = comparison;
  }
  return { pass: mismatches === 0, lengths, mismatches, worst };
}

function compare(
  index: number,
  actual: number,
  expected: number,
  tolerance: Tolerance,
): Comparison {
  const comparable = Number.isFinite(actual) && Number.isFinite(expected);
  const error = Object.is(actual, expected)
    ? 0
    : comparable
      ? Math.abs(actual - expected)
      : Number.POSITIVE_INFINITY;
  // An expected infinity must not widen what is allowed to infinity.
  const scale = Number.isFinite(expected) ? Math.abs(expected) : 0;
  return { index, actual, expected, error, allowed: tolerance.atol + tolerance.rtol * scale };
}

/** Error as a multiple of what is allowed; an exact match is 0 even where nothing is allowed. */
function excess({ error, allowed }: Comparison): number {
  return error === 0 ? 0 : error / allowed;
}

function asList(values: Numbers): ArrayLike<number> {
  return typeof values === "number" ? [values] : values;
}

function checkTolerance(name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new RangeError(
    `compareAllClose: ${name} must be a finite number >= 0, got ${value}. Pass a named constant.`,
  );
}
