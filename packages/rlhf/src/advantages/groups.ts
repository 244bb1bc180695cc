/** Completions of one prompt, which critic-free methods compare with each other. */

/**
 * Consecutive groups of `size`.
 * @throws Error unless there are whole groups of at least 2
 */
export function groupsOf(numbers: ArrayLike<number>, size: number): Float64Array[] {
  const all = Float64Array.from(numbers);
  if (!Number.isInteger(size) || size < 2 || all.length % size !== 0) {
    throw new Error(
      `groupsOf: expected whole groups of at least 2 completions per prompt, got ${all.length} ` +
        `scores in groups of ${size}.`,
    );
  }
  return Array.from({ length: all.length / size }, (_, g) => all.slice(g * size, (g + 1) * size));
}
