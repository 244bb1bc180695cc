/** Placeholder until the first export lands. */
export {};
