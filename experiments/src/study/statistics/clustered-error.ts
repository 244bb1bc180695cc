/** Standard error of a mean over seeds and prompts, for tables that have errors instead of intervals. */
import { mean } from "./bootstrap.ts";

/**
 * Standard error of the mean of values that share their seed in a row and their prompt in a column:
 * `sqrt(s2(row means) / S + s2(column means) / P - s2(rest) / (S P))`, the estimate of the variance of
 * a mean with two crossed random effects (Searle, Casella and McCulloch 1992, "Variance Components",
 * section 4.5), at least 0. With one seed it is that of the mean over prompts.
 * @param values `[S, P]`, at least one of either
 */
export function clusteredError(values: readonly (readonly number[])[]): number {
  const rows = values.map(mean);
  const columns = (values[0] ?? []).map((_, p) => mean(values.map((row) => row[p] as number)));
  const [seeds, prompts] = [rows.length, columns.length];
  const all = mean(rows);
  const rest = values.flatMap((row, s) =>
    row.map((x, p) => x - (rows[s] as number) - (columns[p] as number) + all),
  );
  const squares = rest.reduce((sum, x) => sum + x * x, 0);
  const freedom = (seeds - 1) * (prompts - 1);
  const shared = freedom > 0 ? squares / freedom / (seeds * prompts) : 0;
  return Math.sqrt(Math.max(0, variance(rows) / seeds + variance(columns) / prompts - shared));
}

/** Unbiased variance; 0 of one value. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - center) ** 2, 0);
  return values.length > 1 ? squares / (values.length - 1) : 0;
}
