/**
 * The tensor types of GGUF files that are read, and how blocks of each become float32. A block
 * holds a fixed number of neighbouring weights with scales of their own; layouts are those of
 * ggml (`block_q4_0` and so on in its ggml-common.h). Little-endian throughout.
 */
import { f16ToNumber, widenBf16, widenF16 } from "../half.ts";

/** A tensor type. */
export interface BlockType {
  readonly name: string;
  /** Weights per block. */
  readonly weights: number;
  /** Bytes per block. */
  readonly bytes: number;
  /** Writes the weights of whole blocks into `target`, from `at` on. */
  readonly dequantize: (blocks: Uint8Array, target: Float32Array, at: number) => void;
}

/** Types by their number in the file. */
const TYPES: ReadonlyMap<number, BlockType> = new Map([
  [0, { name: "F32", weights: 1, bytes: 4, dequantize: readF32 }],
  [1, { name: "F16", weights: 1, bytes: 2, dequantize: readF16 }],
  [2, { name: "Q4_0", weights: 32, bytes: 18, dequantize: blockwise(18, 32, q4Zero) }],
  [8, { name: "Q8_0", weights: 32, bytes: 34, dequantize: blockwise(34, 32, q8Zero) }],
  [12, { name: "Q4_K", weights: 256, bytes: 144, dequantize: blockwise(144, 256, q4K) }],
  [14, { name: "Q6_K", weights: 256, bytes: 210, dequantize: blockwise(210, 256, q6K) }],
  [30, { name: "BF16", weights: 1, bytes: 2, dequantize: readBf16 }],
]);

/** Names of the types that are not read, for messages. */
const OTHERS: Readonly<Record<number, string>> = {
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  13: "Q5_K",
  15: "Q8_K",
};

/** The type with a number, or undefined if it is not read. */
export function blockType(number: number): BlockType | undefined {
  return TYPES.get(number);
}

/** What to call a type in a message. */
export function blockTypeName(number: number): string {
  return TYPES.get(number)?.name ?? OTHERS[number] ?? `type ${number}`;
}

/** The types that are read, for messages. */
export const blockTypeNames: string = [...TYPES.values()].map(({ name }) => name).join(", ");

function readF32(bytes: Uint8Array, target: Float32Array, at: number): void {
  new Uint8Array(target.buffer, target.byteOffset).set(bytes, 4 * at);
}

function readF16(bytes: Uint8Array, target: Float32Array, at: number): void {
  widenF16(halves(bytes), target, at);
}

function readBf16(bytes: Uint8Array, target: Float32Array, at: number): void {
  widenBf16(halves(bytes), target, at);
}

/** Pairs of bytes as 16-bit words, copied since they need not be aligned. */
function halves(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(Uint8Array.from(bytes).buffer);
}

/** Applies the formula of one block to block after block. */
function blockwise(
  bytes: number,
  weights: number,
  formula: (blocks: Uint8Array, block: number, target: Float32Array, at: number) => void,
): BlockType["dequantize"] {
  return (blocks, target, at) => {
    for (let block = 0; block < blocks.length; block += bytes) {
      formula(blocks, block, target, at + (block / bytes) * weights);
    }
  };
}

/** The float16 number at a byte. */
function half(bytes: Uint8Array, at: number): number {
  return f16ToNumber(byte(bytes, at) | (byte(bytes, at + 1) << 8));
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

/** A byte as a signed integer. */
function signed(bytes: Uint8Array, at: number): number {
  return (byte(bytes, at) << 24) >> 24;
}

/** Scale d (float16), then 16 bytes: low nibbles are weights 0-15, high ones 16-31; d (q - 8). */
function q4Zero(bytes: Uint8Array, block: number, target: Float32Array, at: number): void {
  const scale = half(bytes, block);
  for (let i = 0; i < 16; i++) {
    const pair = byte(bytes, block + 2 + i);
    target[at + i] = scale * ((pair & 15) - 8);
    target[at + 16 + i] = scale * ((pair >> 4) - 8);
  }
}

/** Scale d (float16), then 32 signed bytes; d q. */
function q8Zero(bytes: Uint8Array, block: number, target: Float32Array, at: number): void {
  const scale = half(bytes, block);
  for (let i = 0; i < 32; i++) target[at + i] = scale * signed(bytes, block + 2 + i);
}

/**
 * Scales d and dmin (float16), 12 bytes with a 6-bit scale and minimum for each of 8 groups of 32
 * weights, then 128 bytes: of each 32, low nibbles are one group, high ones the next;
 * (d scale) q - (dmin minimum).
 */
function q4K(bytes: Uint8Array, block: number, target: Float32Array, at: number): void {
  const d = half(bytes, block);
  const dmin = half(bytes, block + 2);
  for (let group = 0; group < 8; group++) {
    const { scale, minimum } = groupScale(bytes, block + 4, group);
    const factor = d * scale;
    const offset = dmin * minimum;
    const shift = (group % 2) * 4;
    const quants = block + 16 + (group >> 1) * 32;
    for (let i = 0; i < 32; i++) {
      const quant = (byte(bytes, quants + i) >> shift) & 15;
      target[at + group * 32 + i] = factor * quant - offset;
    }
  }
}

/**
 * Groups 0-3 have their scale in bytes 0-3 and their minimum in bytes 4-7, in the lower 6 bits.
 * Groups 4-7 have their lower 4 bits in the nibbles of bytes 8-11 and their upper 2 bits on top of
 * those of group - 4.
 */
function groupScale(
  bytes: Uint8Array,
  scales: number,
  group: number,
): { scale: number; minimum: number } {
  const low = byte(bytes, scales + (group % 4));
  const high = byte(bytes, scales + 4 + (group % 4));
  if (group < 4) return { scale: low & 63, minimum: high & 63 };
  const nibbles = byte(bytes, scales + 4 + group);
  return {
    scale: (nibbles & 15) | ((low >> 6) << 4),
    minimum: (nibbles >> 4) | ((high >> 6) << 4),
  };
}

/**
 * 128 bytes of lower 4 bits, 64 bytes of upper 2 bits, a signed byte of scale for each of 16
 * groups of 16 weights, scale d (float16); (d scale) (q - 32). Each half of 128 weights has 64
 * bytes of nibbles (weights 0-63 low, 64-127 high) and 32 bytes of pairs (weights i, 32 + i, ...).
 */
function q6K(bytes: Uint8Array, block: number, target: Float32Array, at: number): void {
  const d = half(bytes, block + 208);
  for (let weight = 0; weight < 256; weight++) {
    const part = weight >> 7;
    const within = weight & 127;
    const nibbles = byte(bytes, block + part * 64 + (within & 63));
    const pairs = byte(bytes, block + 128 + part * 32 + (within & 31));
    const lower = (nibbles >> ((within >> 6) * 4)) & 15;
    const upper = (pairs >> ((within >> 5) * 2)) & 3;
    const scale = d * signed(bytes, block + 192 + (weight >> 4));
    target[at + weight] = scale * ((lower | (upper << 4)) - 32);
  }
}
