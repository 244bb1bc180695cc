/** How matrices that would not fit in memory are cut along one dimension. */

/**
 * Bytes of the largest float32 matrix tokens x vocabulary that scoring makes. A handful of them
 * live at once. Measured at V = 50257: smaller ones make matrix products slower, larger ones gain
 * nothing.
 */
export const CHUNK_BYTES: number = 2 ** 26;

/** A range of rows. */
export interface Chunk {
  readonly begin: number;
  readonly size: number;
}

/** Whether a float32 matrix is small enough to be computed at once. */
export function fitsOneChunk(rows: number, columns: number): boolean {
  return 4 * rows * columns <= CHUNK_BYTES;
}

/**
 * Cuts `rows` rows of `columns` float32 numbers into pieces of about the same size.
 * @param bytes most bytes of a piece of more than one row
 */
export function chunksOf(rows: number, columns: number, bytes: number = CHUNK_BYTES): Chunk[] {
  const most = Math.max(1, Math.floor(bytes / (4 * columns)));
  const count = Math.ceil(rows / most);
  return Array.from({ length: count }, (_, i) => {
    const begin = Math.floor((i * rows) / count);
    return { begin, size: Math.floor(((i + 1) * rows) / count) - begin };
  });
}
