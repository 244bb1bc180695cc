/** How matrices that would not fit in memory are cut along one dimension. */

/**
 * Bytes of the largest float32 matrix tokens x words that is computed piece by piece; two or three
 * live at once. At V = 50257 smaller pieces are slower, and larger ones no faster.
 */
export const CHUNK_BYTES: number = 2 ** 26;

/**
 * Bytes of logits up to which they are kept from the forward to the backward pass, which saves a
 * matrix product: a third of the time of the output layer, for up to four times the memory.
 */
const KEPT_BYTES = 2 ** 28;

/** A range of rows. */
export interface Chunk {
  readonly begin: number;
  readonly size: number;
}

/** Whether logits of so many tokens and words are small enough to be computed once and kept. */
export function areKept(tokens: number, words: number): boolean {
  return 4 * tokens * words <= KEPT_BYTES;
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
