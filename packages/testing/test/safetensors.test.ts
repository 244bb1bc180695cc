import { parseSafetensors } from "@preflab/testing";
import { describe, expect, test } from "vitest";

/** A file with the given header; `data` follows it directly. */
function file(header: unknown, data: readonly number[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const ONE = [0x00, 0x00, 0x80, 0x3f];

describe("safetensors", () => {
  test("float32 and int32 tensors are read by name, metadata is left out", () => {
    const tensors = parseSafetensors(
      file(
        {
          __metadata__: { format: "pt" },
          a: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
          b: { dtype: "I32", shape: [], data_offsets: [8, 12] },
        },
        [...ONE, 0, 0, 0, 0xc0, 0xfe, 0xff, 0xff, 0xff],
      ),
    );
    expect([...tensors.keys()]).toEqual(["a", "b"]);
    expect(tensors.get("a")).toEqual({
      dtype: "F32",
      shape: [1, 2],
      values: Float32Array.of(1, -2),
    });
    expect(tensors.get("b")).toEqual({ dtype: "I32", shape: [], values: Int32Array.of(-2) });
  });

  test("data that is not aligned to its element size is read", () => {
    for (const name of ["a", "ab", "abc", "abcd"]) {
      const header = { [name]: { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
      expect(parseSafetensors(file(header, ONE)).get(name)?.values).toEqual(Float32Array.of(1));
    }
  });

  test("elements are read from a Buffer, whose slices are views", () => {
    const header = { a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } };
    const bytes = Buffer.from(file(header, [9, 9, 9, 9, ...ONE]));
    expect(parseSafetensors(bytes).get("a")?.values).toEqual(Float32Array.of(1));
  });

  test("an empty tensor has no elements", () => {
    const header = { a: { dtype: "F32", shape: [0, 3], data_offsets: [0, 0] } };
    expect(parseSafetensors(file(header, [])).get("a")?.values).toHaveLength(0);
  });

  test("another dtype is named in the error", () => {
    const header = { a: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } };
    expect(() => parseSafetensors(file(header, ONE))).toThrow('"a": expected dtype F32 or I32');
  });

  test("a truncated or inconsistent file is refused", () => {
    const header = { a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } };
    expect(() => parseSafetensors(new Uint8Array(3))).toThrow("at least 8 bytes");
    expect(() => parseSafetensors(file(header, ONE))).toThrow("expected 8 bytes inside the file");
    expect(() => parseSafetensors(file(header, ONE).subarray(0, 20))).toThrow("inside the file");
    expect(() => parseSafetensors(file({ a: { dtype: "F32" } }, ONE))).toThrow("number lists");
  });
});
