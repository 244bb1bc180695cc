import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blockType, blockTypeName } from "../../../src/checkpoint/gguf/blocks.ts";
import { SafetensorsSource } from "../../../src/checkpoint/safetensors.ts";
import { MemoryBytes } from "../memory-bytes.ts";
import { ggufPath } from "./fixtures.ts";

const golden = await SafetensorsSource.open(
  new MemoryBytes(Uint8Array.from(readFileSync(ggufPath("blocks.safetensors")))),
);

const TYPES = [
  [1, "F16"],
  [2, "Q4_0"],
  [8, "Q8_0"],
  [12, "Q4_K"],
  [14, "Q6_K"],
  [30, "BF16"],
] as const;

describe("checkpoint/gguf/blocks", () => {
  test.each(TYPES)("type %i, %s, equals the reference bit by bit", async (number, name) => {
    const type = blockType(number);
    expect(type?.name).toBe(name);
    const blocks = (await golden.read(`${name}.blocks`)) as Uint8Array;
    const expected = (await golden.read(`${name}.values`)) as Float32Array;
    const values = new Float32Array(expected.length);
    type?.dequantize(blocks, values, 0);
    expect(expected.length).toBeGreaterThan(500);
    expect(expected.some(Number.isNaN) && expected.some(Number.isFinite)).toBe(true);
    const unlike = [...values.keys()].filter((i) => !Object.is(values[i], expected[i]));
    expect(unlike).toEqual([]);
  });

  test("type 0, F32, is the bytes, at any alignment", () => {
    const bytes = new Uint8Array(Float32Array.of(0, 1.5, -0).buffer).subarray(4);
    const values = new Float32Array(4);
    blockType(0)?.dequantize(bytes, values.subarray(1), 1);
    expect(values).toEqual(Float32Array.of(0, 0, 1.5, -0));
  });

  test.each(TYPES)("blocks of type %i, %s, are written from an offset", async (number, name) => {
    const type = blockType(number);
    if (!type) throw new Error("unreachable");
    const blocks = (await golden.read(`${name}.blocks`)) as Uint8Array;
    const expected = (await golden.read(`${name}.values`)) as Float32Array;
    const values = new Float32Array(3 * type.weights).fill(9);
    type.dequantize(blocks.subarray(type.bytes, 2 * type.bytes), values, type.weights);
    const [before, written, after] = [0, 1, 2].map((block) =>
      values.subarray(block * type.weights, (block + 1) * type.weights),
    );
    expect(written).toEqual(expected.subarray(type.weights, 2 * type.weights));
    expect([...(before ?? []), ...(after ?? [])].every((value) => value === 9)).toBe(true);
  });

  test("other types have names at most", () => {
    expect(blockType(13)).toBeUndefined();
    expect([13, 99, 12].map(blockTypeName)).toEqual(["Q5_K", "type 99", "Q4_K"]);
  });
});
