import { describe, expect, test } from "vitest";
import {
  extract,
  groupedByHead,
  type ParameterLayout,
  type Piece,
  place,
  rotaryPairs,
} from "../../src/checkpoint/layout.ts";

function piece(shape: readonly number[], at = 0, order: Piece["order"] = null): Piece {
  return { name: "piece", shape, at, order };
}

/** Places pieces with elements 0, 1, ... (then 100, ...) and checks that extract undoes it. */
function assemble(shape: readonly number[], transposed: boolean, pieces: readonly Piece[]) {
  const layout: ParameterLayout = { name: "p", shape, transposed, pieces };
  const parameter = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(-1);
  const stored = pieces.map(({ shape }, index) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return Float32Array.from({ length }, (_, i) => 100 * index + i);
  });
  pieces.forEach((part, index) => {
    place(layout, part, stored[index] as Float32Array, parameter);
  });
  pieces.forEach((part, index) => {
    expect(extract(layout, part, parameter)).toEqual(stored[index]);
  });
  return [...parameter];
}

describe("checkpoint/layout", () => {
  test("a piece as it is", () => {
    expect(assemble([2, 2], false, [piece([2, 2])])).toEqual([0, 1, 2, 3]);
  });

  test("matrices are transposed and put side by side", () => {
    expect(assemble([2, 3], true, [piece([2, 2]), piece([1, 2], 2)])).toEqual([
      0, 2, 100, 1, 3, 101,
    ]);
  });

  test("vectors are put one after another", () => {
    expect(assemble([3], false, [piece([2]), piece([1], 2)])).toEqual([0, 1, 100]);
  });

  test("matrices larger than a tile survive", () => {
    const parameter = assemble([70, 45], true, [piece([40, 70]), piece([5, 70], 40)]);
    expect(parameter[3 * 45 + 37]).toBe(37 * 70 + 3);
    expect(parameter[69 * 45 + 42]).toBe(100 + 2 * 70 + 69);
  });

  test("rows grouped by head become queries, keys, values", () => {
    // 2 heads of 2: rows are q0 q0 k0 k0 v0 v0 q1 q1 k1 k1 v1 v1
    const order = groupedByHead(2, 2);
    const expected = [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11];
    expect(assemble([12], false, [piece([12], 0, order)])).toEqual(expected);
    expect(assemble([1, 12], true, [piece([12, 1], 0, order)])).toEqual(expected);
  });

  test("neighbouring rotary pairs become two halves of each head", () => {
    // 2 heads of 4: rows are (a0 b0 a1 b1), a pair next to each other
    expect(assemble([8], false, [piece([8], 0, rotaryPairs(4))])).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
});
