import { describe, expect, test } from "vitest";
import { crc32c, fileHeader, scalarsRecord } from "../../src/io/event-file.ts";

describe("io/event-file", () => {
  test("the checksum is that of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  test("a record is its length, a checksum, the event and a checksum", () => {
    const header = fileHeader(0);
    expect(new DataView(header.buffer).getUint32(0, true)).toBe(header.length - 16);
    // Field 1, a double of 0; field 3, 13 bytes of text.
    expect([...header.subarray(12, 23)]).toEqual([9, 0, 0, 0, 0, 0, 0, 0, 0, 26, 13]);
    expect(new TextDecoder().decode(header.subarray(23, 36))).toBe("brain.Event:2");
  });

  test("scalars are tags and floats of a step, which may need several bytes", () => {
    const { buffer } = scalarsRecord(1.5, 300, { loss: 0.25 });
    const event = new Uint8Array(buffer).subarray(12, -4);
    const view = new DataView(event.buffer, event.byteOffset);
    expect(view.getFloat64(1, true)).toBe(1.5);
    expect([...event.subarray(9, 12)]).toEqual([16, 0b10101100, 2]);
    expect([...event.subarray(12, 18)]).toEqual([42, 13, 10, 11, 10, 4]);
    expect(new TextDecoder().decode(event.subarray(18, 22))).toBe("loss");
    expect(event[22]).toBe(21);
    expect(view.getFloat32(23, true)).toBe(0.25);
  });
});
