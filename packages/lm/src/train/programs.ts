/**
 * How many programs a function of batches keeps, for `jit`. Lengths of rows and of completions vary on
 * their own, about fifty combinations in published data; those beyond are compiled again.
 */
export const BATCH_PROGRAMS: { readonly cacheSize: number; readonly whenFull: "evict" } = {
  cacheSize: 64,
  whenFull: "evict",
};
