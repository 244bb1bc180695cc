import { describe, expect, test } from "vitest";
import { groupsOf, planBatches } from "../../src/inference/batches.ts";

async function* stream<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("inference/batches", () => {
  test("every row is in one batch that is long enough, with rows of like lengths", () => {
    const lengths = Array.from({ length: 50 }, (_, i) => (37 * i) % 101);
    const batches = planBatches(lengths, { rows: 8, tokens: 512, length: 96 });
    expect(batches.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    for (const { rows, size, length } of batches) {
      expect(rows.length).toBeLessThanOrEqual(size);
      expect(size).toBeLessThanOrEqual(8);
      expect(size * length).toBeLessThanOrEqual(512);
    }
  });

  test("a batch has a power of two of rows, or the most that are allowed", () => {
    const sizes = (count: number, rows: number) =>
      planBatches(new Array(count).fill(10), { rows, tokens: 1e6, length: 64 }).map(
        ({ size }) => size,
      );
    expect([1, 2, 3, 5].map((count) => sizes(count, 6))).toEqual([[1], [2], [4], [6]]);
    expect(sizes(13, 6)).toEqual([6, 6, 1]);
  });

  test("a row beyond the limit of tokens is computed alone", () => {
    const batches = planBatches([100, 100], { rows: 8, tokens: 50, length: 128 });
    expect(batches.map(({ rows, size }) => [rows, size])).toEqual([
      [[0], 1],
      [[1], 1],
    ]);
  });

  test("groups end once they are full, and keep the order", async () => {
    const groups = groupsOf(stream([1, 2, 3, 4, 5]), 4, (n) => n);
    expect(await collect(groups)).toEqual([[1, 2, 3], [4], [5]]);
    expect(await collect(groupsOf(stream<number>([]), 4, (n) => n))).toEqual([]);
  });
});
