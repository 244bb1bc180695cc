import { collatePairs, collateUnpaired, pairBatches } from "@preflab/data";
import { describe, expect, test } from "vitest";

const pair = (promptIds: number[], chosenIds: number[], rejectedIds: number[]) => ({
  promptIds,
  chosenIds,
  rejectedIds,
});

/** Rows of a flat [R, T] array. */
function rowsOf(flat: Int32Array, [rows, length]: readonly [number, number]): number[][] {
  return Array.from({ length: rows }, (_, i) => [...flat.slice(i * length, (i + 1) * length)]);
}

describe("batches/collate", () => {
  // The vectors of TRL's own collator test.
  const trl = [pair([1, 2, 3], [4, 5], [6]), pair([7, 8], [9, 10], [11, 12, 13])];

  test("chosen rows come before rejected ones, padded on the right", () => {
    const batch = collatePairs(trl);
    expect(rowsOf(batch.ids, batch.shape)).toEqual([
      [1, 2, 3, 4, 5],
      [7, 8, 9, 10, 0],
      [1, 2, 3, 6, 0],
      [7, 8, 11, 12, 13],
    ]);
    expect(rowsOf(batch.completionMask, batch.shape)).toEqual([
      [0, 0, 0, 1, 1],
      [0, 0, 1, 1, 0],
      [0, 0, 0, 1, 0],
      [0, 0, 1, 1, 1],
    ]);
    expect(rowsOf(batch.attentionMask, batch.shape)).toEqual([
      [1, 1, 1, 1, 1],
      [1, 1, 1, 1, 0],
      [1, 1, 1, 1, 0],
      [1, 1, 1, 1, 1],
    ]);
  });

  test("a length can be a multiple, or given", () => {
    const long = [pair([1, 2, 3], [4, 5, 6], [6]), ...trl.slice(1)];
    expect(collatePairs(long, { multipleOf: 5 }).shape).toEqual([4, 10]);
    expect(collatePairs(trl, { multipleOf: 5 }).shape).toEqual([4, 5]);
    expect(collatePairs(trl, { length: 7 }).shape).toEqual([4, 7]);
    expect(() => collatePairs(trl, { length: 4 })).toThrow("at most 4 tokens");
  });

  test("padding with the id of a real token changes no mask", () => {
    const masks = ({ attentionMask, completionMask }: ReturnType<typeof collatePairs>) => ({
      attentionMask,
      completionMask,
    });
    expect(masks(collatePairs(trl, { fillId: 13 }))).toEqual(masks(collatePairs(trl)));
    expect([...collatePairs(trl, { fillId: 13 }).ids].filter((id) => id === 13)).toHaveLength(3);
  });

  test("missing pairs are empty rows in both halves", () => {
    const batch = collatePairs(trl.slice(0, 1), { batchSize: 2 });
    expect(rowsOf(batch.attentionMask, batch.shape)).toEqual([
      [1, 1, 1, 1, 1],
      [0, 0, 0, 0, 0],
      [1, 1, 1, 1, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("unpaired rows are one rectangle", () => {
    const batch = collateUnpaired([
      { promptIds: [1], completionIds: [2, 3] },
      { promptIds: [], completionIds: [4] },
    ]);
    expect(rowsOf(batch.ids, batch.shape)).toEqual([
      [1, 2, 3],
      [4, 0, 0],
    ]);
    expect(rowsOf(batch.completionMask, batch.shape)).toEqual([
      [0, 1, 1],
      [1, 0, 0],
    ]);
  });
});

describe("batches/pair-batches", () => {
  const pairs = Array.from({ length: 23 }, (_, i) =>
    pair(Array(1 + ((i * 7) % 11)).fill(1), Array(1 + (i % 3)).fill(2), [3]),
  );
  const options = { batchSize: 3, gradAccum: 2, seed: 5, maxLength: 32 };
  const epoch = (batches: ReturnType<typeof pairBatches>, from: number) =>
    Array.from({ length: batches.stepsPerEpoch }, (_, i) =>
      batches.at(from + i).map(({ indices }) => indices),
    );

  test("without shuffling, batches are consecutive pairs, epoch after epoch", () => {
    const batches = pairBatches(pairs, { ...options, shuffle: false });
    expect(batches.stepsPerEpoch).toBe(4);
    expect(batches.at(1).map(({ indices }) => indices)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(batches.at(4).map(({ indices }) => indices)).toEqual([
      [18, 19, 20],
      [21, 22],
    ]);
    expect(epoch(batches, 5)).toEqual(epoch(batches, 1));
  });

  test("every epoch has every pair once, in another order", () => {
    const batches = pairBatches(pairs, options);
    const all = Array.from({ length: 23 }, (_, i) => i);
    const [first, second] = [epoch(batches, 1), epoch(batches, 5)];
    for (const seen of [first, second]) {
      expect(seen.flat(2).sort((a, b) => a - b)).toEqual(all);
    }
    expect(first).not.toEqual(second);
  });

  test("seed and step alone decide, so that a run goes on where it stopped", () => {
    const whole = pairBatches(pairs, options);
    for (const step of [1, 2, 6, 11]) {
      expect(pairBatches(pairs, options).at(step)).toEqual(whole.at(step));
    }
    expect(pairBatches(pairs, { ...options, seed: 6 }).at(1)).not.toEqual(whole.at(1));
    expect(whole.cursor(1)).toEqual({ epoch: 0, position: 0 });
    expect(whole.cursor(6)).toEqual({ epoch: 1, position: 1 });
  });

  test("batches hold their pairs, and rows for the missing ones", () => {
    const last = pairBatches(pairs, { ...options, shuffle: false }).at(4)[1];
    expect(last?.rows.shape[0]).toBe(6);
    // Pair 21: 5 tokens of prompt, 1 of each completion.
    expect(last?.rows.shape[1]).toBeGreaterThanOrEqual(6);
    const ids = rowsOf(last?.rows.ids ?? new Int32Array(), last?.rows.shape ?? [0, 0]);
    // Pair 22: one token of prompt, two of the chosen completion.
    expect(ids[1]?.slice(0, 4)).toEqual([1, 2, 2, 0]);
  });

  test("pairs of like length are together", () => {
    const many = Array.from({ length: 256 }, (_, i) =>
      pair(Array((i * 37) % 128).fill(1), [2], [3]),
    );
    const padded = (shuffle: boolean) => {
      const batches = pairBatches(many, { batchSize: 8, seed: 1, maxLength: 200, shuffle });
      const steps = Array.from({ length: batches.stepsPerEpoch }, (_, i) => batches.at(i + 1));
      return steps.flat().reduce((sum, { rows }) => sum + rows.ids.length, 0);
    };
    expect(padded(true)).toBeLessThan(0.8 * padded(false));
  });

  test("no pairs, or sizes that are none, are refused", () => {
    expect(() => pairBatches([], options)).toThrow("at least one row");
    expect(() => pairBatches(pairs, { ...options, batchSize: 0 })).toThrow("batchSize, got 0");
  });
});
