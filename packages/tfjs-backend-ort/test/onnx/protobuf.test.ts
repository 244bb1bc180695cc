import { describe, expect, it } from "vitest";
import { MessageWriter } from "../../src/onnx/protobuf.ts";

function written(write: (writer: MessageWriter) => void): number[] {
  const writer = new MessageWriter(1);
  write(writer);
  return [...writer.finish()];
}

describe("onnx/protobuf", () => {
  it("writes integers as varints", () => {
    expect(written((w) => w.int(1, 0))).toEqual([0x08, 0]);
    expect(written((w) => w.int(1, 150))).toEqual([0x08, 0x96, 0x01]);
    expect(written((w) => w.int(1, 2 ** 31))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x08]);
    expect(written((w) => w.int(1, -1))).toEqual([0x08, ...Array(9).fill(0xff), 0x01]);
  });

  it("writes field numbers above 15 as two bytes", () => {
    expect(written((w) => w.int(20, 1))).toEqual([0xa0, 0x01, 1]);
  });

  it("writes floats as little-endian 32 bits", () => {
    expect(written((w) => w.float(2, 1))).toEqual([0x15, 0, 0, 0x80, 0x3f]);
  });

  it("writes strings as UTF-8", () => {
    expect(written((w) => w.string(2, "é"))).toEqual([0x12, 2, 0xc3, 0xa9]);
  });

  it("writes nested messages with a padded length", () => {
    const bytes = written((w) => w.message(3, () => w.message(1, () => w.int(1, 5))));
    expect(bytes).toEqual([0x1a, 0x88, 0x80, 0x80, 0x80, 0, 0x0a, 0x82, 0x80, 0x80, 0x80, 0, 8, 5]);
  });

  it("keeps what was written when the buffer grows", () => {
    const writer = new MessageWriter(2);
    writer.message(1, () => {
      for (let i = 0; i < 100; i++) writer.bytes(2, Uint8Array.of(i));
    });
    const bytes = writer.finish();
    expect(writer.length).toBe(6 + 300);
    expect(bytes.subarray(-3)).toEqual(Uint8Array.of(0x12, 1, 99));
  });
});
