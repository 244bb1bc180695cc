import { describe, expect, test } from "vitest";
import { batchBucket, lengthBucket } from "../../src/generate/buckets.ts";

describe("generate/buckets", () => {
  test("rows are rounded up to few sizes", () => {
    expect([1, 2, 3, 5, 9, 16, 17, 24, 25, 33, 49, 64, 65].map(batchBucket)).toEqual([
      1, 2, 4, 8, 16, 16, 24, 24, 32, 48, 64, 64, 96,
    ]);
  });

  test("lengths are rounded up to few sizes of at least 32", () => {
    expect([0, 1, 32, 33, 48, 49, 65, 97, 1000].map(lengthBucket)).toEqual([
      32, 32, 32, 48, 48, 64, 96, 128, 1024,
    ]);
  });

  test("a size is its own bucket", () => {
    for (let size = 1; size < 2000; size++) {
      expect(batchBucket(size)).toBeGreaterThanOrEqual(size);
      expect(batchBucket(batchBucket(size))).toBe(batchBucket(size));
      expect(lengthBucket(lengthBucket(size))).toBe(lengthBucket(size));
    }
  });
});
