/**
 * The shapes that generation compiles for. Programs have fixed shapes, so batches and lengths are
 * rounded up to a few sizes: larger steps would waste more work, smaller ones more compilations.
 */

/** Below this, a size more costs a compilation and saves little. */
const SMALLEST_LENGTH = 32;

/** Rows to compile for: 1, 2, 4, 8, 16, and from there 1.5 and 2 times a power of two. */
export function batchBucket(rows: number): number {
  return rows <= 16 ? powerOfTwo(rows) : withHalves(rows);
}

/** Tokens to compile for: 32, 48, 64, 96 and so on, 1.5 and 2 times a power of two. */
export function lengthBucket(tokens: number): number {
  return withHalves(Math.max(tokens, SMALLEST_LENGTH));
}

/** Smallest of 2^n and 1.5 * 2^n that is at least `size`, which is 2 or more. */
function withHalves(size: number): number {
  const power = powerOfTwo(size);
  return size <= 0.75 * power ? 0.75 * power : power;
}

/** Smallest power of two that is at least `size`. */
function powerOfTwo(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
