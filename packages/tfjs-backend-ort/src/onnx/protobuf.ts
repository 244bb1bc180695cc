/**
 * Writes protocol buffers into one growable buffer. Nested messages get a length of fixed width
 * (a varint padded to five bytes, which every parser accepts), so nothing is moved or copied once
 * it is written. Only the wire types that ONNX models need; it reads nothing.
 */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
const LENGTH_BYTES = 5;
const ENCODER = new TextEncoder();

/** Largest message a protocol buffer may have, in bytes: lengths are signed 32-bit integers. */
export const MAX_MESSAGE_BYTES: number = 2 ** 31 - 1;

/** An append-only protocol buffer message. */
export class MessageWriter {
  #buffer: Uint8Array;
  #length = 0;

  /** @param capacity expected size in bytes; a good guess avoids every reallocation */
  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** An integer field. Negative numbers take ten bytes, as the format demands. */
  int(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** A 32-bit floating-point field. */
  float(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#reserve(4);
    new DataView(this.#buffer.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  /** A UTF-8 string field. */
  string(field: number, value: string): void {
    this.bytes(field, ENCODER.encode(value));
  }

  /** A field of raw bytes. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** A nested message: whatever `write` appends to this writer. */
  message(field: number, write: () => void): void {
    this.#tag(field, BYTES);
    this.#reserve(LENGTH_BYTES);
    const start = this.#length + LENGTH_BYTES;
    this.#length = start;
    write();
    let size = this.#length - start;
    for (let i = 0; i < LENGTH_BYTES; i++) {
      const more = i < LENGTH_BYTES - 1 ? 0x80 : 0;
      this.#buffer[start - LENGTH_BYTES + i] = (size & 0x7f) | more;
      size >>>= 7;
    }
  }

  /** What was written: a view, valid until the next write. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value >= 0 && value < 2 ** 31) {
      let rest = value;
      while (rest > 0x7f) {
        this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.#buffer[this.#length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
