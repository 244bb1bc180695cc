/**
 * Is one quantity monotone in another? Kendall's count of inversions within every seed, added up
 * over seeds, with its exact distribution when orders are random.
 */

/** A quantity at the settings of one seed, in the order of the settings. */
export type Series = readonly number[];

/** Direction of a trend. */
export type Direction = "rising" | "falling";

/** Outcome of a test. */
export interface Trend {
  readonly direction: Direction;
  /** Seeds whose values are strictly monotone, of all. */
  readonly monotone: number;
  readonly seeds: number;
  /** Kendall's tau over all seeds: 1 is in the direction throughout. */
  readonly tau: number;
  /** Chance of a tau as high if orders were random. One-sided. */
  readonly p: number;
}

/**
 * Tests a trend. Equal values count against it.
 * @param series one for each seed, of two values or more each
 */
export function trend(series: readonly Series[], direction: Direction): Trend {
  const sign = direction === "rising" ? 1 : -1;
  const wrong = series.map((values) => inversions(values.map((x) => sign * x)));
  const pairs = series.map((values) => (values.length * (values.length - 1)) / 2);
  const [total, most] = [sum(wrong), sum(pairs)];
  const chances = series.map(({ length }) => inversionChances(length)).reduce(convolve, [1]);
  return {
    direction,
    monotone: wrong.filter((count) => count === 0).length,
    seeds: series.length,
    tau: 1 - (2 * total) / most,
    p: Math.min(1, sum(chances.slice(0, total + 1))),
  };
}

/** Pairs that do not rise. */
function inversions(values: Series): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      if ((values[j] as number) <= (values[i] as number)) count++;
    }
  }
  return count;
}

/**
 * Chance of every number of inversions in a random order of n: the product over k <= n of
 * `(1 + q + ... + q^(k-1)) / k`.
 */
function inversionChances(n: number): number[] {
  let chances = [1];
  for (let k = 2; k <= n; k++) chances = convolve(chances, Array<number>(k).fill(1 / k));
  return chances;
}

function convolve(a: readonly number[], b: readonly number[]): number[] {
  const product = Array<number>(a.length + b.length - 1).fill(0);
  for (const [i, x] of a.entries()) {
    for (const [j, y] of b.entries()) product[i + j] = (product[i + j] as number) + x * y;
  }
  return product;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0);
}
