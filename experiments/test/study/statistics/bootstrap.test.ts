import { RandomStream } from "@preflab/lm";
import { describe, expect, it } from "vitest";
import {
  bootstrap,
  clusterMean,
  type Draw,
  type Estimate,
  quantile,
  Resampler,
  weightedMean,
} from "../../../src/study/statistics/bootstrap.ts";

const OPTIONS = { replicates: 4000, level: 0.95, seed: 1 };
const RESAMPLER = new Resampler(OPTIONS);

/** Ends of a 95 % interval of 4000 replicates vary by about 2 % of its width. */
const QUANTILE_NOISE = 0.05;

/** Standard deviation of a normal sample that a 95 % interval's width is of. */
const WIDTH_95 = 2 * 1.959964;

function normals(name: string, count: number): number[] {
  const values = new Float32Array(count);
  new RandomStream(3, name).fillNormal(values, 1);
  return [...values];
}

function varianceOf(values: readonly number[], freedom: number): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - freedom);
}

describe("study/statistics/bootstrap", () => {
  it("interpolates quantiles", () => {
    expect(quantile([0, 10, 20, 30], 0)).toBe(0);
    expect(quantile([0, 10, 20, 30], 0.5)).toBe(15);
    expect(quantile([0, 10, 20, 30], 0.9)).toBeCloseTo(27, 12);
    expect(quantile([4], 0.3)).toBe(4);
  });

  it("weighs", () => {
    expect(weightedMean([2, 4, 8], Float64Array.of(0.5, 0.25, 0.25))).toBe(4);
  });

  it("has the mean of all data, and no width where nothing varies", () => {
    const [one, two] = clusterMeans(
      [[1, 2, 3]],
      [
        [5, 5, 5],
        [5, 5, 5],
      ],
    );
    expect(one?.mean).toBeCloseTo(2, 12);
    expect(two).toEqual({
      mean: expect.closeTo(5, 12),
      low: expect.closeTo(5, 12),
      high: expect.closeTo(5, 12),
    });
  });

  it("has the width of the normal interval over prompts", () => {
    const values = normals("prompts", 200);
    const { low, high } = clusterMean([values], RESAMPLER);
    const expected = WIDTH_95 * Math.sqrt(varianceOf(values, 0) / 200);
    expect(Math.abs((high - low) / expected - 1)).toBeLessThan(QUANTILE_NOISE);
  });

  it("has the unbiased variance over five seeds", () => {
    const means = [0.1, 0.4, 0.2, 0.9, 0.5];
    const deviations: number[] = [];
    // The statistic is called for the whole first, then for every replicate.
    bootstrap(
      { seeds: 5, prompts: 1 },
      ({ seeds }) => {
        const value = seeds.reduce((sum, s) => sum + (means[s] as number), 0) / seeds.length;
        deviations.push(value);
        return [value];
      },
      RESAMPLER,
    );
    const ratio = varianceOf(deviations.slice(1), 0) / (varianceOf(means, 1) / 5);
    expect(Math.abs(ratio - 1)).toBeLessThan(QUANTILE_NOISE);
  });

  it("does not take prompts that seeds share for independent ones", () => {
    const values = normals("shared", 50);
    const one = clusterMean([values], RESAMPLER);
    const five = clusterMean([values, values, values, values, values], RESAMPLER);
    const ratio = (five.high - five.low) / (one.high - one.low);
    expect(Math.abs(ratio - 1)).toBeLessThan(QUANTILE_NOISE);
  });

  it("covers the truth about as often as it says", () => {
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const { low, high } = clusterMean(
        [normals(`coverage/${i}`, 60)],
        new Resampler({ ...OPTIONS, replicates: 300 }),
      );
      if (low <= 0 && high >= 0) covered++;
    }
    // Of 200 at 95 %: 190 with a deviation of 3.1; percentile intervals of 60 cover slightly less.
    expect(covered).toBeGreaterThan(175);
    expect(covered).toBeLessThan(200);
  });

  it("draws the same for one seed and otherwise for another", () => {
    const values = [normals("same", 30)];
    expect(clusterMean(values, RESAMPLER)).toEqual(clusterMean(values, RESAMPLER));
    expect(clusterMean(values, RESAMPLER)).not.toEqual(
      clusterMean(values, new Resampler({ ...OPTIONS, seed: 2 })),
    );
  });

  it("draws as many prompts as there are and one seed less", () => {
    const draws: Draw[] = [];
    const keep = (draw: Draw) => {
      draws.push(draw);
      return [0];
    };
    bootstrap({ seeds: 4, prompts: 10 }, keep, new Resampler({ ...OPTIONS, replicates: 50 }));
    for (const { seeds, prompts } of draws.slice(1)) {
      expect(seeds).toHaveLength(3);
      expect(prompts.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    }
    expect(draws[0]?.seeds).toEqual([0, 1, 2, 3]);
  });
});

function clusterMeans(...tables: number[][][]): Estimate[] {
  return tables.map((table) => clusterMean(table, RESAMPLER));
}
