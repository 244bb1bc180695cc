/**
 * Intervals by resampling seeds and prompts at once: results of one seed share their training, and
 * results on one prompt share the prompt, so neither may be drawn result by result (Owen 2007,
 * "The pigeonhole bootstrap"). Which draws are made depends only on a seed and on how many seeds and
 * prompts there are, so that two methods on the same prompts are compared draw by draw.
 */
import { RandomStream } from "@preflab/lm";

/** How intervals are made. */
export interface BootstrapOptions {
  readonly replicates: number;
  /** Coverage, such as 0.95. */
  readonly level: number;
  readonly seed: number;
}

/** 2000 replicates put the ends of a 95 % interval within about 2 % of its width. */
export const BOOTSTRAP: BootstrapOptions = { replicates: 2000, level: 0.95, seed: 0 };

/** One resampling. */
export interface Draw {
  /** Indices of the seeds drawn, with repeats. */
  readonly seeds: readonly number[];
  /** Weight of every prompt, of sum 1. */
  readonly prompts: Float64Array;
}

/** A number with its percentile interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** What is resampled. */
export interface BootstrapSizes {
  readonly seeds: number;
  readonly prompts: number;
}

/** The draws of all statistics of a study: for given sizes always the same ones. */
export class Resampler {
  readonly options: BootstrapOptions;
  readonly #draws = new Map<string, readonly Draw[]>();

  constructor(options: BootstrapOptions = BOOTSTRAP) {
    this.options = options;
  }

  /** Draws from so many seeds and prompts. */
  draws(sizes: BootstrapSizes): readonly Draw[] {
    const name = `bootstrap/${sizes.seeds}/${sizes.prompts}`;
    const known = this.#draws.get(name);
    if (known) return known;
    const stream = new RandomStream(this.options.seed, name);
    const draws = Array.from({ length: this.options.replicates }, () => randomDraw(sizes, stream));
    this.#draws.set(name, draws);
    return draws;
  }
}

/**
 * Intervals of several statistics from the same draws.
 * @param statistic as many numbers for every draw
 * @returns their values on all the data, with intervals
 */
export function bootstrap(
  sizes: BootstrapSizes,
  statistic: (draw: Draw) => readonly number[],
  resampler: Resampler,
): Estimate[] {
  const means = statistic(wholeDraw(sizes));
  const draws = resampler.draws(sizes);
  const columns = means.map(() => new Float64Array(draws.length));
  for (const [i, draw] of draws.entries()) {
    for (const [k, value] of statistic(draw).entries()) (columns[k] as Float64Array)[i] = value;
  }
  const tail = (1 - resampler.options.level) / 2;
  return means.map((mean, k) => {
    const sorted = (columns[k] as Float64Array).sort();
    return { mean, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  });
}

/** Mean over seeds and prompts. @param values `[seeds][prompts]` */
export function clusterMean(
  values: readonly (readonly number[])[],
  resampler: Resampler,
): Estimate {
  const sizes = { seeds: values.length, prompts: values[0]?.length ?? 0 };
  const statistic = ({ seeds, prompts }: Draw) => {
    const means = values.map((row) => weightedMean(row, prompts));
    return [mean(seeds.map((s) => means[s] as number))];
  };
  return bootstrap(sizes, statistic, resampler)[0] as Estimate;
}

/** Mean by weights of sum 1. */
export function weightedMean(values: ArrayLike<number>, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (weights[i] as number) * (values[i] as number);
  return sum;
}

/** Mean. @throws RangeError of nothing */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("mean: expected at least one number, got none.");
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** Quantile of ascending values, linear between neighbours. @param p from 0 to 1 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}

function wholeDraw({ seeds, prompts }: BootstrapSizes): Draw {
  return {
    seeds: Array.from({ length: seeds }, (_, s) => s),
    prompts: new Float64Array(prompts).fill(1 / prompts),
  };
}

/**
 * One seed less than there are is drawn: the variance of means then is the unbiased estimate, which
 * matters with five seeds (Rao and Wu 1988, "Resampling inference with complex survey data").
 */
function randomDraw({ seeds, prompts }: BootstrapSizes, stream: RandomStream): Draw {
  const below = (n: number) => Math.floor(stream.uniform() * n);
  const drawn = Array.from({ length: Math.max(1, seeds - 1) }, () => below(seeds));
  const weights = new Float64Array(prompts);
  for (let i = 0; i < prompts; i++) {
    const prompt = below(prompts);
    weights[prompt] = (weights[prompt] as number) + 1 / prompts;
  }
  return { seeds: drawn, prompts: weights };
}
