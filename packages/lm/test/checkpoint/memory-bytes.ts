/** A file in memory, for readers of file formats. */
import { CheckpointError } from "../../src/checkpoint/error.ts";
import type { ByteSource } from "../../src/checkpoint/source.ts";

/** Bytes as a file. Counts what is read, and refuses targets larger than the file. */
export class MemoryBytes implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;
  /** Largest range read so far. */
  largestRead = 0;

  constructor(bytes: Uint8Array, name = "test.safetensors") {
    this.#bytes = bytes;
    this.name = name;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(target: Uint8Array, position: number): Promise<void> {
    this.largestRead = Math.max(this.largestRead, target.length);
    const end = position + target.length;
    if (end > this.#bytes.length) {
      return Promise.reject(new CheckpointError(`${this.name}: ends before byte ${end}`));
    }
    target.set(this.#bytes.subarray(position, end));
    return Promise.resolve();
  }
}

/** The bytes of a safetensors file with any header and any data. */
export function safetensorsBytes(header: unknown, data: Uint8Array): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}
