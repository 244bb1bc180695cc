import { parseSafetensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { encode } from "../../src/checkpoint/dtype.ts";
import { CheckpointError } from "../../src/checkpoint/error.ts";
import { encodeHeader, SafetensorsSource } from "../../src/checkpoint/safetensors.ts";
import { MemoryBytes, safetensorsBytes } from "./memory-bytes.ts";

function open(header: unknown, data: Uint8Array = new Uint8Array()) {
  return SafetensorsSource.open(new MemoryBytes(safetensorsBytes(header, data)));
}

function entry(dtype: string, shape: unknown, begin: number, end: number) {
  return { dtype, shape, data_offsets: [begin, end] };
}

describe("checkpoint/safetensors", () => {
  test("every type is read, at any alignment", async () => {
    const header = {
      __metadata__: { format: "pt" },
      u8: entry("U8", [3], 0, 3),
      f32: entry("F32", [2], 3, 11),
      f16: entry("F16", [1, 2], 11, 15),
      bf16: entry("BF16", [2], 15, 19),
      i64: entry("I64", [1], 19, 27),
      i32: entry("I32", [], 27, 31),
      bool: entry("BOOL", [1], 31, 32),
      none: entry("F32", [0, 5], 32, 32),
    };
    const data = new Uint8Array(32);
    const view = new DataView(data.buffer);
    data.set([1, 2, 255]);
    view.setFloat32(3, 0.1, true);
    view.setFloat32(7, -Infinity, true);
    view.setUint16(11, 0x3c00, true);
    view.setUint16(13, 0x0001, true);
    view.setUint16(15, 0x3f80, true);
    view.setUint16(17, 0xff80, true);
    view.setBigInt64(19, -5n, true);
    view.setInt32(27, -7, true);
    data[31] = 1;
    const source = await open(header, data);
    expect(source.names()).toEqual(["u8", "f32", "f16", "bf16", "i64", "i32", "bool", "none"]);
    expect(source.spec("f16")).toMatchObject({ dtype: "F16", shape: [1, 2] });
    expect(await source.read("u8")).toEqual(Uint8Array.of(1, 2, 255));
    expect(await source.read("f32")).toEqual(Float32Array.of(0.1, -Infinity));
    expect(await source.read("f16")).toEqual(Float32Array.of(1, 2 ** -24));
    expect(await source.read("bf16")).toEqual(Float32Array.of(1, -Infinity));
    expect(await source.read("i64")).toEqual(BigInt64Array.of(-5n));
    expect(await source.read("i32")).toEqual(Int32Array.of(-7));
    expect(await source.read("bool")).toEqual(Uint8Array.of(1));
    expect(await source.read("none")).toEqual(new Float32Array());
    expect(() => source.spec("x")).toThrow('expected a tensor "x", got none');
    await expect(source.read("__proto__")).rejects.toThrow(CheckpointError);
  });

  test("16-bit floats are read in pieces of 1 MiB", async () => {
    const length = (1 << 20) + 3;
    const values = Float32Array.from({ length }, (_, i) => (i % 256) - 100);
    const data = encode("BF16", values);
    const bytes = new MemoryBytes(
      safetensorsBytes({ a: entry("BF16", [length], 0, 2 * length) }, data),
    );
    const source = await SafetensorsSource.open(bytes);
    const read = await source.read("a");
    expect(read.length).toBe(length);
    expect(values.findIndex((value, i) => value !== read[i])).toBe(-1);
    expect(bytes.largestRead).toBe(1 << 20);
  });

  test("what is written is read, and the data begins at a multiple of 8", async () => {
    for (let length = 1; length < 12; length++) {
      const name = "n".repeat(length);
      const header = encodeHeader([
        { name, dtype: "F32", shape: [2] },
        { name: "b", dtype: "F32", shape: [] },
      ]);
      expect(header.length % 8).toBe(0);
      const values = Float32Array.of(1.5, -0, 3);
      const file = Uint8Array.from([...header, ...encode("F32", values)]);
      const source = await SafetensorsSource.open(new MemoryBytes(file));
      expect(await source.read(name)).toEqual(values.subarray(0, 2));
      expect(await source.read("b")).toEqual(values.subarray(2));
      // and by the other reader of this repository
      expect(parseSafetensors(file).size).toBe(2);
    }
  });

  const four = new Uint8Array(4);
  test.each<[string, unknown, Uint8Array, string]>([
    ["no object", [1], four, "expected a JSON object"],
    ["broken JSON", '{"a"', four, "expected JSON in UTF-8"],
    ["a key twice", '{"a":{},"a":{}}', four, '"a" twice'],
    ["no entry object", { a: 3 }, four, '"a": expected an object, got 3'],
    ["an unknown type", { a: entry("F8_E4M3", [4], 0, 4) }, four, 'got "F8_E4M3"'],
    ["an inherited type", { a: entry("toString", [4], 0, 4) }, four, 'got "toString"'],
    ["no shape", { a: { dtype: "F32", data_offsets: [0, 4] } }, four, "lists of sizes"],
    ["a negative extent", { a: entry("F32", [-1], 0, 4) }, four, "lists of sizes"],
    ["a fractional extent", { a: entry("F32", [0.5, 2], 0, 4) }, four, "lists of sizes"],
    [
      "an extent above 2^53",
      '{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}',
      four,
      "lists of sizes",
    ],
    [
      "a shape that overflows",
      { a: entry("F32", [2 ** 40, 2 ** 40], 0, 4) },
      four,
      "bytes for F32",
    ],
    [
      "a shape of infinite times zero",
      { a: entry("F32", [...Array(40).fill(2 ** 50), 0], 0, 4) },
      four,
      "bytes for F32",
    ],
    [
      "three offsets",
      { a: { dtype: "F32", shape: [1], data_offsets: [0, 4, 4] } },
      four,
      "lists of sizes",
    ],
    ["offsets that end before they begin", { a: entry("F32", [1], 4, 0) }, four, "bytes for F32"],
    [
      "a shape that needs more",
      { a: entry("F32", [2], 0, 4) },
      four,
      "expected 8 bytes for F32 [2], got 0 to 4",
    ],
    ["a type that needs less", { a: entry("F16", [1], 0, 4) }, four, "expected 2 bytes"],
    ["an offset beyond the file", { a: entry("F32", [2], 0, 8) }, four, "as the header says, got"],
    [
      "an offset far beyond the file",
      { a: entry("U8", [2 ** 50], 0, 2 ** 50) },
      four,
      "as the header says",
    ],
    [
      "overlapping tensors",
      { a: entry("F32", [1], 0, 4), b: entry("F16", [1], 2, 4) },
      four,
      '"b" at byte',
    ],
    [
      "the same bytes twice",
      { a: entry("F32", [1], 0, 4), b: entry("F32", [1], 0, 4) },
      four,
      '"b" at byte',
    ],
    ["a gap", { a: entry("U8", [1], 0, 1), b: entry("U8", [1], 3, 4) }, four, '"b" at byte'],
    ["bytes after the last tensor", { a: entry("U8", [1], 0, 1) }, four, "as the header says"],
    ["a strange entry", { a: { ...entry("F32", [1], 0, 4), zip: 1 } }, four, "got zip"],
  ])("%s is an error", async (_name, header, data, message) => {
    await expect(open(header, data)).rejects.toThrow(CheckpointError);
    await expect(open(header, data)).rejects.toThrow(message);
  });

  test.each([
    ["shorter than 8 bytes", 7n, 4],
    ["with a header longer than the file", 9n, 16],
    ["with a header of 2^64 - 1 bytes", 2n ** 64n - 1n, 16],
    ["with a header of 2^31 bytes", 2n ** 31n, 16],
  ])("a file %s is an error", async (_name, length, size) => {
    const bytes = new Uint8Array(size);
    if (size >= 8) new DataView(bytes.buffer).setBigUint64(0, length, true);
    const source = new MemoryBytes(bytes);
    await expect(SafetensorsSource.open(source)).rejects.toThrow(CheckpointError);
    expect(source.largestRead).toBeLessThanOrEqual(8);
  });

  test("a tensor named __proto__ is a tensor", async () => {
    const source = await open(
      '{"__proto__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
      four,
    );
    expect(source.names()).toEqual(["__proto__"]);
    expect(await source.read("__proto__")).toEqual(four);
  });
});
