import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../../src/checkpoint/error.ts";
import { GgufSource } from "../../../src/checkpoint/gguf/gguf-source.ts";
import { parseGgufHeader } from "../../../src/checkpoint/gguf/header.ts";
import { MemoryBytes } from "../memory-bytes.ts";
import { GgufMaker, ggufBytes, type MadeTensor, makeGguf, type TypedValue } from "./fixtures.ts";

function open(bytes: Uint8Array) {
  return GgufSource.open(new MemoryBytes(bytes, "test.gguf"));
}

function tensor(options: Partial<MadeTensor> = {}): MadeTensor {
  return { name: "a", shape: [2], type: 0, offset: 0, ...options };
}

const EIGHT = new Uint8Array(Float32Array.of(1, 2).buffer);

describe("checkpoint/gguf/header", () => {
  test("metadata of every type is read", async () => {
    const metadata: Record<string, TypedValue> = {
      u8: { type: "u8", value: 200 },
      u32: { type: "u32", value: 4294967295 },
      i32: { type: "i32", value: -5 },
      f32: { type: "f32", value: 0.5 },
      u64: { type: "u64", value: 2 ** 40 },
      yes: { type: "bool", value: true },
      mark: { type: "string", value: "\ufeffé😀" },
      list: {
        type: "array",
        value: [
          { type: "array", value: [{ type: "string", value: "" }] },
          { type: "array", value: [] },
        ],
      },
    };
    const { metadata: read } = await open(makeGguf(metadata));
    expect(Object.fromEntries(read)).toEqual({
      u8: 200,
      u32: 4294967295,
      i32: -5,
      f32: 0.5,
      u64: 2 ** 40,
      yes: true,
      mark: "\ufeffé😀",
      list: [[""], []],
    });
  });

  test("integers beyond 2^53 stay exact", async () => {
    const maker = new GgufMaker().u64(0).u64(2);
    maker
      .text("big")
      .u32(10)
      .u64(2n ** 64n - 1n);
    maker
      .text("small")
      .u32(11)
      .u64(-3n & (2n ** 64n - 1n));
    const { metadata } = await open(maker.bytes());
    expect(metadata.get("big")).toBe(2n ** 64n - 1n);
    expect(metadata.get("small")).toBe(-3);
  });

  test("tensors are read, their axes in row-major order", async () => {
    const data = Uint8Array.from([...EIGHT, ...new Uint8Array(24), ...EIGHT]);
    const source = await open(
      makeGguf(
        {},
        [tensor({ shape: [1, 2] }), tensor({ name: "b", shape: [2, 1], offset: 32 })],
        data,
      ),
    );
    expect(source.names()).toEqual(["a", "b"]);
    expect(source.spec("a")).toEqual({ dtype: "F32", shape: [1, 2] });
    expect(source.spec("b")).toEqual({ dtype: "F32", shape: [2, 1] });
    expect(await source.read("b")).toEqual(Float32Array.of(1, 2));
    expect(() => source.spec("c")).toThrow('expected a tensor "c", got none');
  });

  test("the start of a file is not enough at every byte before the end of its header", () => {
    const bytes = ggufBytes("llama.gguf");
    const whole = parseGgufHeader(bytes, { name: "llama.gguf", size: bytes.length });
    const dataStart = Math.min(...[...(whole?.tensors.values() ?? [])].map(({ begin }) => begin));
    const file = { name: "llama.gguf", size: bytes.length };
    for (let length = 0; length < dataStart - 32; length++) {
      expect(parseGgufHeader(bytes.subarray(0, length), file)).toBeUndefined();
    }
    expect(parseGgufHeader(bytes.subarray(0, dataStart), file)).toEqual(whole);
  });

  test("a file that is cut off is an error at every byte", () => {
    const bytes = ggufBytes("stablelm.gguf");
    for (let size = 0; size < bytes.length; size += size < 3000 ? 1 : 997) {
      const cut = bytes.subarray(0, size);
      expect(() => parseGgufHeader(cut, { name: "cut.gguf", size })).toThrow(CheckpointError);
    }
  });

  test("a header longer than the first read is read in a second one", async () => {
    const long = "x".repeat((1 << 20) + 5);
    const { metadata } = await open(makeGguf({ long: { type: "string", value: long } }));
    expect(metadata.get("long")).toBe(long);
  });

  const maker = (tensors: number | bigint, entries: number | bigint) =>
    new GgufMaker().u64(tensors).u64(entries);
  const room = new Uint8Array(4096);
  test.each<[string, Uint8Array, string]>([
    ["another format", new GgufMaker([0x04034b50, 3]).bytes(), "the letters GGUF"],
    ["version 1", new GgufMaker([0x46554747, 1]).bytes(), "got version 1"],
    ["the other byte order", new GgufMaker([0x46554747, 0x03000000]).bytes(), "little-endian"],
    ["an empty file", new Uint8Array(), "bytes up to 4, got 0"],
    ["2^63 tensors", maker(2n ** 63n, 0).bytes(), "a size below 2^53"],
    ["10^15 tensors", maker(1e15, 0).bytes(), "tensors, got 1000000000000000"],
    ["10^9 entries", maker(0, 1e9).bytes(room), "metadata entries, got 1000000000"],
    ["a string of 10^12 bytes", maker(0, 1).u64(1e12).bytes(room), "bytes of a string"],
    [
      "an array of 10^10 bytes",
      maker(0, 1).text("k").u32(9).u32(0).u64(1e10).bytes(room),
      "elements, got 10000000000",
    ],
    [
      "an array of 10^3 empty strings in 4 KiB",
      maker(0, 1).text("k").u32(9).u32(8).u64(1000).bytes(room),
      "elements, got 1000",
    ],
    [
      "a value of type 13",
      maker(0, 1).text("k").u32(13).bytes(room),
      "a value type of 0 to 12, got 13",
    ],
    ["an array of type 77", maker(0, 1).text("k").u32(9).u32(77).u64(0).bytes(room), "got type 77"],
    [
      "arrays without end",
      maker(0, 1)
        .text("k")
        .u32(9)
        .raw(Array(99).fill([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).flat())
        .bytes(room),
      "at depth 3",
    ],
    [
      "a string that is not UTF-8",
      maker(0, 1).u64(2).raw([0xc3, 0x28]).bytes(room),
      "a string in UTF-8",
    ],
    [
      "a key twice",
      maker(0, 2).entry("k", { type: "u8", value: 1 }).entry("k", { type: "u8", value: 2 }).bytes(),
      'every metadata key once, got "k"',
    ],
    ["a tensor twice", makeGguf({}, [tensor(), tensor()], room), "every tensor once, got a"],
    [
      "five axes",
      makeGguf({}, [tensor({ shape: [1, 1, 1, 1, 2] })], room),
      "at most 4 axes, got 5",
    ],
    [
      "a type that is not read",
      makeGguf({}, [tensor({ type: 13, shape: [256] })], room),
      "got Q5_K",
    ],
    [
      "a row that ends within a block",
      makeGguf({}, [tensor({ type: 12, shape: [2, 128] })], room),
      "rows of a multiple of 256",
    ],
    ["an offset off the grid", makeGguf({}, [tensor({ offset: 8 })], room), "a multiple of 32"],
    ["an offset beyond the file", makeGguf({}, [tensor({ offset: 4096 })], room), "in all"],
    ["an extent of 2^52", makeGguf({}, [tensor({ shape: [2 ** 52] })], room), "in all"],
    [
      "a shape that overflows",
      makeGguf({}, [tensor({ shape: [2 ** 50, 2 ** 50, 2 ** 50, 2 ** 50] })], room),
      "in all",
    ],
    [
      "overlapping tensors",
      makeGguf({}, [tensor({ shape: [9] }), tensor({ name: "b", offset: 32 })], room),
      '"b" after byte',
    ],
    [
      "an alignment of 0",
      makeGguf({ "general.alignment": { type: "u32", value: 0 } }, [], room),
      "general.alignment",
    ],
    [
      "an alignment of 12",
      makeGguf({ "general.alignment": { type: "u32", value: 12 } }, [], room),
      "general.alignment",
    ],
    [
      "an alignment in words",
      makeGguf({ "general.alignment": { type: "string", value: "32" } }, [], room),
      "general.alignment",
    ],
  ])("%s is an error", async (_name, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(CheckpointError);
    await expect(open(bytes)).rejects.toThrow(message);
  });
});
