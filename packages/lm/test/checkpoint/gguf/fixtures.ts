/** The files of ../../fixtures/gguf, and GGUF files made for a test. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../fixtures/gguf/", import.meta.url));

/** Absolute path of a file. */
export function ggufPath(file: string): string {
  return `${ROOT}${file}`;
}

/** Bytes of a file. */
export function ggufBytes(file: string): Uint8Array {
  return Uint8Array.from(readFileSync(ggufPath(file)));
}

/** A value with its type in the file. */
export type TypedValue =
  | { readonly type: "u8" | "u32" | "i32" | "f32" | "u64"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "array"; readonly value: readonly TypedValue[] };

/** A tensor of a file; `shape` row-major, `type` ggml's number. */
export interface MadeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

const NUMBERS = { u8: 0, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;

/** Writes a GGUF file, however wrong. */
export class GgufMaker {
  readonly #bytes: number[] = [];

  /** @param start magic, version; the usual ones by default. */
  constructor(start: readonly [number, number] = [0x46554747, 3]) {
    for (const word of start) this.u32(word);
  }

  u32(value: number): this {
    for (let i = 0; i < 4; i++) this.#bytes.push((value >>> (8 * i)) & 255);
    return this;
  }

  u64(value: number | bigint): this {
    const wide = BigInt(value);
    for (let i = 0n; i < 8n; i++) this.#bytes.push(Number((wide >> (8n * i)) & 255n));
    return this;
  }

  raw(bytes: Iterable<number>): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u64(bytes.length).raw(bytes);
  }

  entry(key: string, value: TypedValue): this {
    return this.text(key).u32(NUMBERS[value.type]).value(value);
  }

  value(typed: TypedValue): this {
    switch (typed.type) {
      case "string":
        return this.text(typed.value);
      case "array":
        this.u32(NUMBERS[typed.value[0]?.type ?? "u32"]).u64(typed.value.length);
        for (const element of typed.value) this.value(element);
        return this;
      case "u64":
        return this.u64(typed.value);
      case "f32":
        return this.raw(new Uint8Array(Float32Array.of(typed.value).buffer));
      case "u8":
      case "bool":
        return this.raw([Number(typed.value)]);
      default:
        return this.u32(typed.value);
    }
  }

  tensor({ name, shape, type, offset }: MadeTensor): this {
    this.text(name).u32(shape.length);
    for (const extent of [...shape].reverse()) this.u64(extent);
    return this.u32(type).u64(offset);
  }

  /** The file: what was written, padded to 32 bytes, then `data`. */
  bytes(data: Uint8Array = new Uint8Array()): Uint8Array {
    const padded = Math.ceil(this.#bytes.length / 32) * 32;
    const file = new Uint8Array(padded + data.length);
    file.set(this.#bytes);
    file.set(data, padded);
    return file;
  }
}

/** A whole file. */
export function makeGguf(
  metadata: Readonly<Record<string, TypedValue>>,
  tensors: readonly MadeTensor[] = [],
  data: Uint8Array = new Uint8Array(),
): Uint8Array {
  const maker = new GgufMaker().u64(tensors.length).u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) maker.entry(key, value);
  for (const tensor of tensors) maker.tensor(tensor);
  return maker.bytes(data);
}
