import { describe, expect, test } from "vitest";
import { cacheSize, moveColumns } from "../../src/generate/cache-layout.ts";

describe("generate/cache-layout", () => {
  test("columns of every head go to their place in a cache of another shape", () => {
    const from = { rows: 2, heads: 2, length: 3, width: 2 };
    const to = { rows: 3, heads: 2, length: 4, width: 2 };
    // Elements are numbered by row, head, column and element: 1102 is row 1, head 1, column 0, element 2.
    const source = Float32Array.from({ length: cacheSize(from) }, (_, i) => {
      const [element, column] = [i % 2, Math.floor(i / 2) % 3];
      const [head, row] = [Math.floor(i / 6) % 2, Math.floor(i / 12)];
      return 1000 * row + 100 * head + 10 * column + element + 1;
    });
    const target = new Float32Array(cacheSize(to));
    const move = { fromRow: 1, fromColumn: 1, toRow: 2, columns: 2 };
    moveColumns(source, from, target, to, move);
    expect([...target.subarray(0, 32)]).toEqual(Array(32).fill(0));
    expect([...target.subarray(32)]).toEqual([
      1011, 1012, 1021, 1022, 0, 0, 0, 0, 1111, 1112, 1121, 1122, 0, 0, 0, 0,
    ]);
  });
});
