/**
 * The same weights and data in every contender: numbers that are a function of their position alone.
 * ../peers/numbers.py computes the same ones.
 */
import type { Size } from "./sizes.ts";

/** Standard deviation of initial weights; GPT-2's. */
const SPREAD = 0.02;

/** Bits of position `i` of stream `stream`: MurmurHash3's finalizer over a Weyl sequence. */
function bits(stream: number, i: number): number {
  return mix((mix(stream + 1) + Math.imul(i, 0x9e3779b9)) >>> 0);
}

/** Uniform numbers with mean 0 and standard deviation {@link SPREAD}. */
export function weights(stream: number, length: number): Float32Array {
  const data = new Float32Array(length);
  const scale = 2 * Math.sqrt(3) * SPREAD;
  for (let i = 0; i < length; i++) data[i] = (uniform(stream, i) - 0.5) * scale;
  return data;
}

/** Uniform in [0, 1), a multiple of 2^-24. */
export function uniform(stream: number, i: number): number {
  return (bits(stream, i) >>> 8) / 2 ** 24;
}

/** Token ids `[B * T]` and what follows each, which depends on it: there is something to learn. */
export function batchOf({ batch, length, vocabulary }: Size): {
  ids: Int32Array;
  targets: Int32Array;
} {
  const ids = Int32Array.from({ length: batch * length }, (_, i) => bits(1000, i) % vocabulary);
  const targets = ids.map((id, i) => (7 * id + 3 + (bits(1001, i) % 3)) % vocabulary);
  return { ids, targets };
}

function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
