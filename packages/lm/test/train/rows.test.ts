import { describe, expect, test } from "vitest";
import {
  completionRow,
  learnedPerText,
  learnedTokens,
  padBatch,
  paddedLength,
  truncateRows,
} from "../../src/train/rows.ts";

describe("train/rows", () => {
  test("a completion row learns the completion only", () => {
    expect(completionRow([5, 6], [7, 0])).toEqual({
      ids: [5, 6, 7, 0],
      completionMask: [0, 0, 1, 1],
    });
  });

  test("the first token of a row is never learned", () => {
    expect(learnedTokens({ ids: [1, 2, 3] })).toBe(2);
    expect(learnedTokens(completionRow([], [1, 2]))).toBe(1);
  });

  test("long rows are cut at their end, and dropped when nothing to learn is left", () => {
    const rows = [completionRow([1, 2], [3, 4, 5]), completionRow([1, 2, 3], [4]), { ids: [9] }];
    const result = truncateRows(rows, 3);
    expect(result.rows).toEqual([completionRow([1, 2], [3])]);
    expect([result.truncated, result.dropped]).toEqual([2, 2]);
  });

  test("a mask of another length than its ids is an error that names the row", () => {
    const rows = [{ ids: [1, 2] }, { ids: [1, 2, 3], completionMask: [1] }];
    expect(() => truncateRows(rows, 8)).toThrow("a completionMask of 3 tokens in row 1, got 1");
  });

  test("padding knows tokens by their place, not by their id", () => {
    const batch = padBatch([completionRow([0, 7], [0]), { ids: [3] }], 3, 4, 0);
    expect(batch.shape).toEqual([3, 4]);
    expect([...batch.ids]).toEqual([0, 7, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    expect([...batch.attentionMask]).toEqual([1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect([...batch.completionMask]).toEqual([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(learnedPerText(batch)).toEqual([1, 0, 0]);
  });

  test("padded lengths are few, never too short, and a quarter too long at most", () => {
    const lengths = Array.from({ length: 2048 }, (_, i) => i + 1);
    const padded = lengths.map((n) => paddedLength(n, 2048));
    expect(new Set(padded).size).toBeLessThanOrEqual(24);
    lengths.forEach((n, i) => {
      expect(padded[i]).toBeGreaterThanOrEqual(n);
      expect(padded[i]).toBeLessThan(Math.max(1.25 * n + 1, n + 16));
    });
    expect(paddedLength(50, 50)).toBe(50);
  });
});
