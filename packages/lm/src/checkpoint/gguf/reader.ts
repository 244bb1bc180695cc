/**
 * Reads the values of a GGUF header one after another. Believes no count that the rest of the
 * file could not hold. The caller has only the start of the file: where that ends too early,
 * `complete` says so.
 */
import { CheckpointError } from "../error.ts";

/** A value of the metadata. 64-bit integers beyond 2^53 are bigints. */
export type MetadataValue = number | bigint | boolean | string | readonly MetadataValue[];

/** Numbers of the value types in the file. */
const STRING = 8;
const ARRAY = 9;

/** Fewest bytes of a value of each type, by its number. */
const MIN_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

/** Arrays in arrays in arrays are as deep as it gets. */
const MAX_DEPTH = 3;

/** Thrown inside, caught by `complete`. */
class EndOfStart extends Error {}

/** A position in the start of a file. */
export class HeaderReader {
  /** Bytes read. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: { readonly name: string; readonly size: number };
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(start: Uint8Array, file: { readonly name: string; readonly size: number }) {
    this.#bytes = start;
    this.#view = new DataView(start.buffer, start.byteOffset, start.byteLength);
    this.#file = file;
  }

  /**
   * What `read` returns, or undefined when it needs more than the start of the file.
   *
   * @throws CheckpointError when it needs more than the file.
   */
  complete<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof EndOfStart) return undefined;
      throw error;
    }
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A 64-bit size. */
  size(): number {
    const value = this.#view.getBigUint64(this.#advance(8), true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw this.damaged("a size below 2^53", `${value}`);
  }

  /** A number of things of at least `bytes` bytes each, of which the file has room for. */
  count(things: string, bytes: number): number {
    const count = this.size();
    const room = Math.floor((this.#file.size - this.position) / bytes);
    if (count > room) throw this.damaged(`at most ${room} ${things}`, `${count}`);
    // As many have to be in the start of the file, before a list of them is begun.
    if (count > (this.#bytes.length - this.position) / bytes) throw new EndOfStart();
    return count;
  }

  /** A string. */
  text(): string {
    const length = this.count("bytes of a string", 1);
    const begin = this.#advance(length);
    try {
      return this.#decoder.decode(this.#bytes.subarray(begin, begin + length));
    } catch {
      throw this.damaged("a string in UTF-8", "other bytes");
    }
  }

  /** A metadata value, its type first. */
  value(): MetadataValue {
    return this.#valueOf(this.uint32(), 0);
  }

  /** The error of a value before the current position that cannot be. */
  damaged(expected: string, got: string): CheckpointError {
    return new CheckpointError(
      `${this.#file.name}: expected ${expected}, got ${got} before byte ${this.position}. ` +
        "The file is damaged or incomplete: get it anew.",
    );
  }

  #valueOf(type: number, depth: number): MetadataValue {
    if (type === STRING) return this.text();
    if (type === ARRAY) return this.#array(depth);
    const bytes = MIN_BYTES[type];
    if (bytes === undefined) throw this.damaged("a value type of 0 to 12", `${type}`);
    return this.#scalar(type, this.#advance(bytes));
  }

  #array(depth: number): MetadataValue[] {
    const type = this.uint32();
    const bytes = MIN_BYTES[type];
    if (bytes === undefined || depth === MAX_DEPTH) {
      throw this.damaged("an array of values of type 0 to 12", `type ${type} at depth ${depth}`);
    }
    const count = this.count("elements", bytes);
    const values: MetadataValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.#valueOf(type, depth + 1));
    return values;
  }

  #scalar(type: number, at: number): number | bigint | boolean {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7:
        return view.getUint8(at) !== 0;
      case 10:
        return exact(view.getBigUint64(at, true));
      case 11:
        return exact(view.getBigInt64(at, true));
      default:
        return view.getFloat64(at, true);
    }
  }

  /** Passes over bytes. @returns where they begin. */
  #advance(length: number): number {
    const begin = this.position;
    const end = begin + length;
    if (end > this.#file.size) throw this.damaged(`bytes up to ${end}`, `${this.#file.size}`);
    if (end > this.#bytes.length) throw new EndOfStart();
    this.position = end;
    return begin;
  }
}

/** As a number where no precision is lost. */
function exact(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value ? Number(value) : value;
}
