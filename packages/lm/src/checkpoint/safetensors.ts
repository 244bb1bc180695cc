/**
 * The safetensors format: 8 bytes of header length, a JSON header, then the elements. The header
 * is believed only as far as the file bears it out, before anything is allocated from it: byte
 * ranges lie inside the file, fit shape and type, and follow one another without gap or overlap.
 */
import {
  allocate,
  type Dtype,
  dtypeNames,
  dtypeSize,
  isDtype,
  isStoredAsHeld,
  widen,
} from "./dtype.ts";
import { CheckpointError } from "./error.ts";
import { describe, isJsonObject, parseJsonObject } from "./json.ts";
import {
  type ByteSource,
  type CheckpointSource,
  elementCount,
  showShape,
  type TensorSpec,
  type TensorValues,
} from "./source.ts";

/** Longest header, in bytes, that the format allows. */
const MAX_HEADER = 100_000_000;

/** Bytes of 16-bit floats widened at a time. */
const CHUNK = 1 << 20;

/** Where a tensor lies in the file. */
interface Entry extends TensorSpec {
  readonly dtype: Dtype;
  /** Byte range in the file. */
  readonly begin: number;
  readonly end: number;
}

/** The tensors of one safetensors file. */
export class SafetensorsSource implements CheckpointSource {
  readonly #bytes: ByteSource;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(bytes: ByteSource, entries: ReadonlyMap<string, Entry>) {
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /**
   * Reads and checks the header.
   *
   * @throws CheckpointError when the file is damaged or holds an element type other than F32,
   *   F16, BF16, I32, I64, U8 and BOOL.
   */
  static async open(bytes: ByteSource): Promise<SafetensorsSource> {
    if (bytes.size < 8) throw damaged(bytes.name, "at least 8 bytes", `${bytes.size}`);
    const prefix = new Uint8Array(8);
    await bytes.read(prefix, 0);
    const length = new DataView(prefix.buffer).getBigUint64(0, true);
    const room = Math.min(bytes.size - 8, MAX_HEADER);
    if (length > BigInt(room)) {
      throw damaged(bytes.name, `a header of at most ${room} bytes`, `${length}`);
    }
    const header = new Uint8Array(Number(length));
    await bytes.read(header, 8);
    return new SafetensorsSource(bytes, parseHeader(header, bytes));
  }

  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  spec(name: string): TensorSpec {
    return this.#entry(name);
  }

  async read(name: string): Promise<TensorValues> {
    const { dtype, shape, begin, end } = this.#entry(name);
    const values = allocate(dtype, elementCount(shape));
    if (isStoredAsHeld(dtype)) {
      const { buffer } = values;
      await this.#bytes.read(new Uint8Array(buffer), begin);
      return values;
    }
    const bits = new Uint16Array(CHUNK / 2);
    for (let at = begin; at < end; at += CHUNK) {
      const part = bits.subarray(0, Math.min(CHUNK, end - at) / 2);
      await this.#bytes.read(new Uint8Array(part.buffer, 0, part.byteLength), at);
      widen(dtype as "F16" | "BF16", part, values as Float32Array, (at - begin) / 2);
    }
    return values;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new CheckpointError(`${this.#bytes.name}: expected a tensor "${name}", got none.`);
  }
}

/** What the header of a file to be written says of a tensor, in the order of the data. */
export interface NewTensor extends TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
}

/** Bytes that a tensor takes in a file. */
export function byteLength({ dtype, shape }: Pick<NewTensor, "dtype" | "shape">): number {
  return dtypeSize(dtype) * elementCount(shape);
}

/**
 * The start of a safetensors file: length and header, padded with spaces so that the data begins
 * at a multiple of 8 bytes.
 */
export function encodeHeader(tensors: readonly NewTensor[]): Uint8Array {
  // transformers refuses files that do not name the framework whose layout they follow.
  const header: [string, unknown][] = [["__metadata__", { format: "pt" }]];
  let at = 0;
  for (const tensor of tensors) {
    const end = at + byteLength(tensor);
    const { name, dtype, shape } = tensor;
    header.push([name, { dtype, shape, data_offsets: [at, end] }]);
    at = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function parseHeader(header: Uint8Array, { name: file, size }: ByteSource): Map<string, Entry> {
  const start = 8 + header.length;
  const entries = new Map<string, Entry>();
  for (const [name, value] of Object.entries(parseJsonObject(header, file))) {
    if (name !== "__metadata__") entries.set(name, parseEntry(`${file}: "${name}"`, value, start));
  }
  checkRanges(entries, start, size, file);
  return entries;
}

function parseEntry(where: string, value: unknown, start: number): Entry {
  if (!isJsonObject(value)) throw damaged(where, "an object", describe(value));
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  if (!isDtype(dtype)) {
    throw new CheckpointError(
      `${where}: expected dtype ${dtypeNames}, got ${describe(dtype)}. Convert the file.`,
    );
  }
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw damaged(
      where,
      "lists of sizes shape and data_offsets",
      `${describe(shape)} and ${describe(offsets)}`,
    );
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw damaged(where, "dtype, shape and data_offsets only", unknown);
  const [begin, end] = offsets as [number, number];
  const length = byteLength({ dtype, shape });
  if (end - begin !== length) {
    throw damaged(where, `${length} bytes for ${dtype} ${showShape(shape)}`, `${begin} to ${end}`);
  }
  return { dtype, shape, begin: start + begin, end: start + end };
}

function checkRanges(
  entries: ReadonlyMap<string, Entry>,
  start: number,
  size: number,
  file: string,
): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = start;
  for (const [name, { begin, end }] of ordered) {
    if (begin !== at) throw damaged(file, `"${name}" at byte ${at}, after the last`, `${begin}`);
    at = end;
  }
  if (at !== size) throw damaged(file, `${at} bytes as the header says`, `${size}`);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(where: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${expected}, got ${got}. The file is damaged or incomplete: get it anew.`,
  );
}
