/** Damages files at random, from a seed, in the ways that break readers of binary formats. */
import { RandomStream } from "../../src/rng.ts";

/** Numbers that readers trip over. */
const STRANGE = [0n, 1n, 7n, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** Values that a JSON file may hold in the place of another. */
const VALUES = [
  null,
  true,
  false,
  -1,
  0,
  1,
  3,
  0.5,
  1e15,
  2 ** 53,
  1e308,
  "",
  "F64",
  "BF16",
  "gpt2",
  "__proto__",
  "../x.safetensors",
  [],
  [0, 2 ** 52],
  {},
];

/** One damaged copy after another. */
export class Mutator {
  readonly #random: RandomStream;

  constructor(seed: number, name: string) {
    this.#random = new RandomStream(seed, name);
  }

  /** An integer in 0..below - 1. */
  #below(below: number): number {
    return Math.floor(this.#random.uniform() * below);
  }

  /**
   * A copy with one to three changes, most of them in the first `header` bytes.
   *
   * @param header length of what steers the reader.
   */
  mutate(bytes: Uint8Array, header: number): Uint8Array {
    let damaged = Uint8Array.from(bytes);
    for (let changes = 1 + this.#below(3); changes > 0; changes--) {
      const reach = this.#below(8) === 0 ? damaged.length : Math.min(header, damaged.length);
      damaged = this.#change(damaged, this.#below(Math.max(reach, 1)));
    }
    return damaged;
  }

  /** A JSON object with one to three values changed, removed, or put under another key. */
  mutateJson(json: string): string {
    const root: unknown = JSON.parse(json);
    for (let changes = 1 + this.#below(3); changes > 0; changes--) this.#changeIn(root);
    return JSON.stringify(root);
  }

  /** Goes down at random and changes something there. */
  #changeIn(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    const parent = value as Record<string, unknown>;
    const keys = Object.keys(parent);
    const key = keys[this.#below(keys.length)] ?? "new";
    const child = parent[key];
    if (typeof child === "object" && child !== null && this.#below(5) > 0) {
      this.#changeIn(child);
      return;
    }
    switch (this.#below(5)) {
      case 0:
        delete parent[key];
        break;
      case 1:
        parent[keys[this.#below(keys.length)] ?? "new"] = structuredClone(child);
        break;
      case 2:
        parent[key] = typeof child === "number" ? child * 2 : `${String(child)}x`;
        break;
      case 3:
        parent[key] = typeof child === "number" ? child - 1 : [child];
        break;
      default:
        parent[key] = structuredClone(VALUES[this.#below(VALUES.length)]);
    }
  }

  #change(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
    switch (this.#below(6)) {
      case 0: // one bit
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << this.#below(8));
        return bytes;
      case 1: // one byte
        if (at < bytes.length) bytes[at] = this.#below(256);
        return bytes;
      case 2: // cut off
        return bytes.slice(0, this.#below(2) ? at : this.#below(bytes.length + 1));
      case 3: // a strange 64-bit number
        if (at + 8 > bytes.length) return bytes;
        new DataView(bytes.buffer).setBigUint64(
          at,
          STRANGE[this.#below(STRANGE.length)] ?? 0n,
          true,
        );
        return bytes;
      case 4: // a piece left out, which moves the rest
        return splice(bytes, at, 1 + this.#below(16), new Uint8Array());
      default: // a piece doubled
        return splice(bytes, at, 0, bytes.slice(at, at + 1 + this.#below(64)));
    }
  }
}

function splice(bytes: Uint8Array, at: number, drop: number, add: Uint8Array) {
  const rest = bytes.subarray(Math.min(at + drop, bytes.length));
  const changed = new Uint8Array(at + add.length + rest.length);
  changed.set(bytes.subarray(0, at));
  changed.set(add, at);
  changed.set(rest, at + add.length);
  return changed;
}
