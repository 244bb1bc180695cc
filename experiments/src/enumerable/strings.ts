/**
 * All completions of a task small enough to list: four letters and an end token, at most six tokens.
 * A completion is a word of up to six letters; shorter ones have the end token behind them. Words are
 * numbered by length, then as numbers of base four.
 */

/** Token that ends a completion; tensors are padded with it too. */
export const END = 0;
/** Letters are the tokens 1 to 4. */
export const LETTERS = 4;
/** Tokens that the model knows. */
export const VOCABULARY = LETTERS + 1;
/** Most tokens of a completion, the end token included. */
export const LONGEST = 6;

/** Number of the first word of so many letters, which is how many shorter words there are. */
export function firstOfLength(letters: number): number {
  return (LETTERS ** letters - 1) / (LETTERS - 1);
}

/** Letters of the word that is the `index`-th of its length. */
export function wordOf(length: number, index: number): number[] {
  return Array.from(
    { length },
    (_, place) => (Math.floor(index / LETTERS ** (length - 1 - place)) % LETTERS) + 1,
  );
}

/** Every completion, by number: 5461 lists of token ids. */
export const STRINGS: readonly (readonly number[])[] = Array.from(
  { length: LONGEST + 1 },
  (_, length) =>
    Array.from({ length: LETTERS ** length }, (_, index) => {
      return length < LONGEST ? [...wordOf(length, index), END] : wordOf(length, index);
    }),
).flat();

/** Number of a completion. @throws Error for ids that are none */
export function stringNumber(ids: ArrayLike<number>): number {
  const letters = Array.from(ids).filter((id) => id !== END);
  const index = letters.reduce((sum, id) => sum * LETTERS + (id - 1), 0);
  const number = firstOfLength(letters.length) + index;
  if (STRINGS[number]?.join() !== Array.from(ids).join()) {
    throw new Error(`stringNumber: expected a completion of the task, got ${Array.from(ids)}.`);
  }
  return number;
}
