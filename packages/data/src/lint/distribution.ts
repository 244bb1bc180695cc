/** Checks of a data set as a whole: how often labels occur, and what length gives away. */
import type { Findings } from "./findings.ts";

/** Times that the frequent label may occur for each of the rare one. */
const MOST_IMBALANCE = 2;
/** Cohen's d from which an effect is called small (Cohen 1988); below it, none is reported. */
const SMALL_EFFECT = 0.2;
/** Standard errors that a mean must be away from 0, or it may be chance. */
const LEAST_STANDARD_ERRORS = 3;
/** Fewer numbers say nothing about a distribution. */
const FEWEST = 10;

/** Mean and variance of numbers as they come (Welford 1962). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  /** Adds a number. */
  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  /** Sample variance; 0 for fewer than two numbers. */
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }
}

/** Counts labels. */
export class LabelCounts {
  readonly #counts = new Map<number, number>();

  add(label: number): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  /** Reports labels of which one is more than twice as frequent as another. */
  report(findings: Findings): void {
    const entries = [...this.#counts].sort(([a], [b]) => a - b);
    // A label that never occurs in data of two is the rarest one of all.
    const counts = entries.length === 1 ? [...entries, ["other", 0] as const] : entries;
    const numbers = counts.map(([, count]) => count);
    const total = numbers.reduce((sum, count) => sum + count, 0);
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    if (total < FEWEST || most <= MOST_IMBALANCE * least) return;
    const shown = counts.map(([label, count]) => `${label}: ${count}`).join(", ");
    findings.addSummary("label_imbalance", least, `labels are not balanced (${shown})`);
  }
}

/** Compares the lengths of better and worse completions. */
export class LengthBias {
  readonly #unit: string;
  readonly #differences = new Moments();
  #longer = 0;
  #shorter = 0;
  readonly #good = new Moments();
  readonly #bad = new Moments();

  /** @param unit what lengths count, in the plural */
  constructor(unit: string) {
    this.#unit = unit;
  }

  /** Lengths of a pair. */
  addPair(chosen: number, rejected: number): void {
    this.#differences.add(chosen - rejected);
    if (chosen > rejected) this.#longer++;
    if (chosen < rejected) this.#shorter++;
  }

  /** Length of an unpaired completion. */
  addUnpaired(length: number, good: boolean): void {
    (good ? this.#good : this.#bad).add(length);
  }

  /** Reports an effect that is neither less than small nor likely to be chance. */
  report(findings: Findings): void {
    this.#reportPairs(findings);
    this.#reportUnpaired(findings);
  }

  #reportPairs(findings: Findings): void {
    const { count, mean, variance } = this.#differences;
    const effect = effectSize(mean, variance);
    if (!isNotable(effect, Math.sqrt(count), count)) return;
    const [direction, concerned] = mean > 0 ? ["longer", this.#longer] : ["shorter", this.#shorter];
    const share = ((100 * concerned) / count).toFixed(1);
    const message =
      `chosen is ${direction} in ${share}% of ${count} pairs, by ${Math.abs(mean).toFixed(1)} ` +
      `${this.#unit} on average; effect size ${effect.toFixed(2)} (Cohen's d of the differences)`;
    findings.addSummary("length_bias", concerned, message);
  }

  #reportUnpaired(findings: Findings): void {
    const [good, bad] = [this.#good, this.#bad];
    const count = good.count + bad.count;
    const squares = (good.count - 1) * good.variance + (bad.count - 1) * bad.variance;
    const effect = effectSize(good.mean - bad.mean, squares / (count - 2));
    const root = Math.sqrt((good.count * bad.count) / count);
    if (!isNotable(effect, root, Math.min(good.count, bad.count))) return;
    const message =
      `desirable completions have ${good.mean.toFixed(1)} ${this.#unit} on average, others ` +
      `${bad.mean.toFixed(1)}; effect size ${effect.toFixed(2)} (Cohen's d)`;
    findings.addSummary("length_bias", count, message);
  }
}

/** @param root effect sizes times this are standard errors */
function isNotable(effect: number, root: number, count: number): boolean {
  const size = Math.abs(effect);
  return count >= FEWEST && size >= SMALL_EFFECT && size * root >= LEAST_STANDARD_ERRORS;
}

/** Cohen's d: a difference of means in standard deviations; infinite where nothing varies. */
function effectSize(difference: number, variance: number): number {
  if (difference === 0) return 0;
  return difference / Math.sqrt(variance);
}
