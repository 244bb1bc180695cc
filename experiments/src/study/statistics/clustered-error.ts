/** Standard error of a mean over seeds and prompts, for tables that have errors instead of intervals. */
import { mean } from "./bootstrap.ts";

/**
 * Standard error of the mean of values that share their seed in a row and their prompt in a column:
 * `sqrt(vs / S + vp / P + v / (S P))`, with the variances of seeds, of prompts and of the rest from
 * the mean squares of a crossed layout, none below 0 (Searle, Casella and McCulloch 1992, "Variance
 * Components", section 4.5). With one seed it is that of the mean over prompts.
 * @param values `[S, P]`, at least one of either
 */
export function clusteredError(values: readonly (readonly number[])[]): number {
  const rows = values.map(mean);
  const columns = (values[0] ?? []).map((_, p) => mean(values.map((row) => row[p] as number)));
  const [seeds, prompts] = [rows.length, columns.length];
  const all = mean(rows);
  const squares = values.flatMap((row, s) =>
    row.map((x, p) => (x - (rows[s] as number) - (columns[p] as number) + all) ** 2),
  );
  const freedom = (seeds - 1) * (prompts - 1);
  const rest = freedom > 0 ? squares.reduce((sum, x) => sum + x, 0) / freedom : 0;
  const ofSeeds = Math.max(0, variance(rows) - rest / prompts);
  const ofPrompts = Math.max(0, variance(columns) - rest / seeds);
  return Math.sqrt(ofSeeds / seeds + ofPrompts / prompts + rest / (seeds * prompts));
}

/** Unbiased variance; 0 of one value. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - center) ** 2, 0);
  return values.length > 1 ? squares / (values.length - 1) : 0;
}
