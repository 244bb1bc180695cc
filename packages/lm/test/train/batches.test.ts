import { describe, expect, test } from "vitest";
import { rowBatches } from "../../src/train/batches.ts";
import { learnedPerText, type PaddedBatch, type TokenRow } from "../../src/train/rows.ts";
import { tinyRows } from "./tiny.ts";

/** Row i is i + 2 tokens long, all of them i + 1. */
const rows = (count: number): TokenRow[] =>
  Array.from({ length: count }, (_, i) => ({ ids: Array<number>(i + 2).fill(i + 1) }));

/** Index of every row of a batch; -1 for empty ones. */
const indices = ({ ids, shape: [count, length] }: PaddedBatch): number[] =>
  Array.from({ length: count }, (_, row) => (ids[row * length] as number) - 1);

const options = { batchSize: 4, seed: 5, maxLength: 64 };

describe("train/batches", () => {
  test("without shuffling, steps are consecutive rows in order, epoch after epoch", () => {
    const batches = rowBatches(rows(10), { ...options, shuffle: false });
    expect(batches.stepsPerEpoch).toBe(3);
    const seen = [1, 2, 3, 4].map((step) => batches.at(step).flatMap(indices));
    expect(seen).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, -1, -1],
      [0, 1, 2, 3],
    ]);
  });

  test("an epoch has every row once, in another order than the next", () => {
    const batches = rowBatches(rows(50), { ...options, gradAccum: 2 });
    const epoch = (first: number) =>
      Array.from({ length: batches.stepsPerEpoch }, (_, i) =>
        batches.at(first + i).flatMap(indices),
      )
        .flat()
        .filter((i) => i >= 0);
    const [one, two] = [epoch(1), epoch(1 + batches.stepsPerEpoch)];
    const sorted = [...one].sort((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...two].sort((a, b) => a - b)).toEqual(sorted);
    expect(two).not.toEqual(one);
  });

  test("a step depends on seed and number only, not on the steps before it", () => {
    const make = (seed: number) => rowBatches(rows(50), { ...options, seed });
    const straight = make(5);
    const all = Array.from({ length: 30 }, (_, i) => straight.at(i + 1));
    expect(make(5).at(23)).toEqual(all[22]);
    expect(make(5).at(2)).toEqual(all[1]);
    expect(make(6).at(2)).not.toEqual(all[1]);
  });

  test("a step has the same rows however they are cut into micro-batches", () => {
    const of = (batchSize: number, gradAccum: number) =>
      rowBatches(rows(50), { ...options, batchSize, gradAccum });
    const [whole, cut] = [of(8, 1), of(1, 8)];
    for (let step = 1; step <= 14; step++) {
      const real = (batches: readonly PaddedBatch[]) =>
        batches.flatMap(indices).filter((i) => i >= 0);
      expect(real(cut.at(step))).toEqual(real(whole.at(step)));
    }
  });

  test("rows of similar length come together", () => {
    const some = tinyRows(400);
    const padding = (shuffle: boolean) => {
      const batches = rowBatches(some, { ...options, batchSize: 8, shuffle });
      let [tokens, places] = [0, 0];
      for (let step = 1; step <= batches.stepsPerEpoch; step++) {
        for (const { attentionMask } of batches.at(step)) {
          places += attentionMask.length;
          tokens += attentionMask.reduce((sum, x) => sum + x, 0);
        }
      }
      return places - tokens;
    };
    expect(padding(true)).toBeLessThan(0.8 * padding(false));
  });

  test("empty rows have nothing to learn", () => {
    const [batch] = rowBatches(rows(1), options).at(1);
    expect(learnedPerText(batch as PaddedBatch)).toEqual([1, 0, 0, 0]);
  });

  test("sizes that make no sense are errors", () => {
    expect(() => rowBatches([], options)).toThrow("expected at least one row");
    expect(() => rowBatches(rows(2), { ...options, batchSize: 0 })).toThrow(
      "expected a positive integer batchSize, got 0",
    );
  });
});
