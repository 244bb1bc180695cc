/** How rows of different lengths become few rectangles of few shapes. Pure. */
import { paddedLength } from "@preflab/lm";

/** Rows that are computed together. */
export interface PlannedBatch {
  /** Indices of the rows, longest first. */
  readonly rows: readonly number[];
  /** B, at least the number of rows: programs are compiled for powers of two. */
  readonly size: number;
  /** T that they are padded to. */
  readonly length: number;
}

/** Limits of a batch. */
export interface BatchLimits {
  /** Most rows. */
  readonly rows: number;
  /** Most tokens, padding included; a row alone may be longer. */
  readonly tokens: number;
  /** Longest sequence that the model takes. */
  readonly length: number;
}

/** Batches of rows of like lengths, for all rows. @param lengths tokens per row */
export function planBatches(lengths: readonly number[], limits: BatchLimits): PlannedBatch[] {
  const order = lengths.map((_, row) => row);
  order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  const batches: PlannedBatch[] = [];
  for (let first = 0; first < order.length; ) {
    const length = paddedLength(lengths[order[first] as number] as number, limits.length);
    const most = Math.max(1, Math.min(limits.rows, Math.floor(limits.tokens / length)));
    const rows = order.slice(first, first + most);
    const size = Math.min(most, 2 ** Math.ceil(Math.log2(rows.length)));
    batches.push({ rows, size, length });
    first += rows.length;
  }
  return batches;
}

/**
 * Cuts a stream into groups that fit into memory.
 * @param weight of an item; a group ends once its sum reaches `limit`
 */
export async function* groupsOf<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  limit: number,
  weight: (item: Item) => number,
): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  let sum = 0;
  for await (const item of items) {
    group.push(item);
    sum += weight(item);
    if (sum < limit) continue;
    yield group;
    group = [];
    sum = 0;
  }
  if (group.length > 0) yield group;
}
