/**
 * TensorBoard's event files: records of a length, its checksum, a protobuf `Event` and its checksum.
 * Scalars only. Writes the few fields that TensorBoard reads, since the format is not published as a
 * package for Node.
 */

/** CRC-32C (Castagnoli), reflected polynomial. */
const POLYNOMIAL = 0x82f63b78;

/** Added to the rotated checksum, as TensorFlow's record format wants it. */
const MASK_DELTA = 0xa282ead8;

/** Wire types of protobuf. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/** Field numbers of the messages `Event`, `Summary` and `Summary.Value`. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2 };

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
});

/** The record that an event file begins with. @param wallTime seconds since 1970 */
export function fileHeader(wallTime: number): Uint8Array {
  const version = new TextEncoder().encode("brain.Event:2");
  return record(concat([double(EVENT.wallTime, wallTime), bytes(EVENT.fileVersion, version)]));
}

/**
 * The record of the scalars of a step.
 * @param wallTime seconds since 1970
 * @param scalars by tag; numbers that are not finite are kept as such
 */
export function scalarsRecord(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => {
    const fields = [
      bytes(VALUE.tag, new TextEncoder().encode(tag)),
      float(VALUE.simpleValue, value),
    ];
    return bytes(SUMMARY.value, concat(fields));
  });
  return record(
    concat([
      double(EVENT.wallTime, wallTime),
      concat([varint(tagOf(EVENT.step, VARINT)), varint(step)]),
      bytes(EVENT.summary, concat(values)),
    ]),
  );
}

/** CRC-32C of bytes, unsigned. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function record(data: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, data.length, true);
  return concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Uint8Array {
  const crc = crc32c(data);
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  const field = new Uint8Array(4);
  new DataView(field.buffer).setUint32(0, masked, true);
  return field;
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return concat([varint(tagOf(field, BYTES)), varint(content.length), content]);
}

function double(field: number, value: number): Uint8Array {
  const content = new Uint8Array(8);
  new DataView(content.buffer).setFloat64(0, value, true);
  return concat([varint(tagOf(field, FIXED64)), content]);
}

function float(field: number, value: number): Uint8Array {
  const content = new Uint8Array(4);
  new DataView(content.buffer).setFloat32(0, value, true);
  return concat([varint(tagOf(field, FIXED32)), content]);
}

function tagOf(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/** A number from 0 in groups of seven bits, the lowest first. */
function varint(value: number): Uint8Array {
  const groups: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) groups.push((rest % 128) + 128);
  groups.push(rest);
  return Uint8Array.from(groups);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
