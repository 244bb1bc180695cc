/** Lists of names as ONNX Runtime's C API takes them. */
import type { OrtLibrary } from "./ort-api.ts";

/** Names as an array of C strings. */
export class Names {
  readonly pointers: BigUint64Array;
  /** The strings that {@link pointers} points to, one after the other. */
  readonly #bytes: Uint8Array;

  constructor(named: readonly { readonly name: string }[], library: OrtLibrary) {
    const encoder = new TextEncoder();
    const strings = named.map(({ name }) => encoder.encode(`${name}\0`));
    this.#bytes = new Uint8Array(strings.reduce((total, { length }) => total + length, 0));
    this.pointers = new BigUint64Array(named.length);
    const base = named.length === 0 ? 0n : library.address(new Uint8Array(this.#bytes.buffer));
    let offset = 0;
    for (const [i, string] of strings.entries()) {
      this.#bytes.set(string, offset);
      this.pointers[i] = base + BigInt(offset);
      offset += string.length;
    }
  }
}
