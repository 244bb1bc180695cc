/**
 * Reads the wire format of protocol buffers (protobuf.dev/programming-guides/encoding): fields by
 * number, no schema. For the one file kind that needs it; nothing is written, groups are not read.
 */

/** One field: a number for types 0, 1 and 5 as raw bits, bytes for type 2. */
export type Field =
  | { readonly number: number; readonly bits: bigint; readonly bytes?: never }
  | { readonly number: number; readonly bytes: Uint8Array; readonly bits?: never };

/** Fields of a message, in order. @throws if the bytes end within one or its type is unknown. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = { bytes: message, at: 0 };
  while (cursor.at < message.length) {
    const tag = Number(varint(cursor));
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, bits: varint(cursor) };
        break;
      case 1:
        yield { number, bits: fixed(cursor, 8) };
        break;
      case 2:
        yield { number, bytes: take(cursor, Number(varint(cursor))) };
        break;
      case 5:
        yield { number, bits: fixed(cursor, 4) };
        break;
      default:
        throw new Error(`protobuf: expected wire type 0, 1, 2 or 5, got ${tag % 8}.`);
    }
  }
}

/** A float of wire type 5. */
export function floatOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number(BigInt.asUintN(32, bits)));
  return view.getFloat32(0);
}

/** An integer of wire type 0, negative ones included. */
export function intOf(bits: bigint): number {
  return Number(BigInt.asIntN(64, bits));
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function varint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = take(cursor, 1)[0] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new Error("protobuf: expected a varint of at most 10 bytes, got a longer one.");
}

function fixed(cursor: Cursor, size: number): bigint {
  return take(cursor, size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function take(cursor: Cursor, size: number): Uint8Array {
  const end = cursor.at + size;
  if (end > cursor.bytes.length) {
    throw new Error(
      `protobuf: expected ${size} more bytes, got ${cursor.bytes.length - cursor.at}. The file is ` +
        "cut short or of another kind.",
    );
  }
  const bytes = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}
