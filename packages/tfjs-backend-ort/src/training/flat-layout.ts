/** Where each parameter lies in one contiguous buffer. Pure arithmetic. */

/**
 * Floats per piece of the flat update: small enough for the piece's parameters, state and gradient
 * to stay in the cache, large enough that the loop around it costs nothing.
 */
export const CHUNK = 65536;

/** Parameters start on cache lines: 16 floats, 64 bytes. */
const ALIGNMENT = 16;

/** Offsets of named parameters in a flat buffer. */
export interface FlatLayout {
  /** Pieces of {@link CHUNK} floats. */
  readonly chunks: number;
  /** Floats of the whole buffer, `chunks * CHUNK`. */
  readonly length: number;
  readonly entries: readonly FlatEntry[];
}

/** One parameter's place, in floats. */
export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** Lays parameters out one after another. */
export function flatLayout(shapes: Readonly<Record<string, readonly number[]>>): FlatLayout {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]): FlatEntry => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const offset = end;
    end = Math.ceil((offset + size) / ALIGNMENT) * ALIGNMENT;
    return { name, shape, offset, size };
  });
  const chunks = Math.max(1, Math.ceil(end / CHUNK));
  return { chunks, length: chunks * CHUNK, entries };
}

/** The part of a flat buffer that belongs to `entry`; a view, not a copy. */
export function viewOf(buffer: Float32Array, { offset, size }: FlatEntry): Float32Array {
  return buffer.subarray(offset, offset + size);
}
