/**
 * Row numbers for gathers and scatters, checked as tfjs' cpu kernels check them: a number outside
 * the rows is an error. ONNX counts negative numbers from the end instead, so they are turned into
 * huge positive ones, which ONNX Runtime rejects at run time; constants are checked at once.
 */
import { util } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { castTo, reduceOver, reshapeTo } from "./shape.ts";

const INT64_MAX = 2n ** 63n - 1n;

/**
 * `rows` as int64 with negative numbers made invalid.
 * @param rows int32 or int64
 * @param count number of rows; valid numbers are in `[0, count)`
 * @param kernel for the message
 * @throws for a constant with a number outside `[0, count)`
 */
export function checkedRows(graph: Graph, rows: Value, count: number, kernel: string): Value {
  for (const row of rows.data ?? []) {
    if (row >= 0 && row < count) continue;
    throw new Error(`${kernel}: the index value ${row} is not in [0, ${count - 1}]`);
  }
  const wide = castTo(graph, rows, "int64");
  if (rows.data || sizeOf(rows.shape) === 0) return wide;
  // Clears the sign bit: -1 becomes 2 ** 63 - 1, row numbers stay.
  const mask = graph.constant(BigInt64Array.of(INT64_MAX), [], "int64");
  return graph.node("BitwiseAnd", [wide, mask], { shape: wide.shape, dtype: "int64" });
}

/**
 * Row-major position of each index tuple.
 * @param indices int32 `[..., depth]`
 * @param dims the `depth` leading dimensions that the tuples index
 * @returns int64 `[tuples]`, checked by {@link checkedRows}. As in tfjs' cpu kernels only the
 *   position is checked, so one component may be too large where another makes up for it.
 */
export function rowsOfTuples(
  graph: Graph,
  indices: Value,
  dims: readonly number[],
  kernel: string,
): Value {
  const tuples = sizeOf(indices.shape.slice(0, -1));
  const depth = dims.length;
  // A tuple without components is row 0 of one row.
  if (depth === 0) return graph.fill(0, [tuples], "int64");
  const table = castTo(graph, reshapeTo(graph, indices, [tuples, depth]), "int64");
  const count = sizeOf(dims);
  if (depth === 1) return checkedRows(graph, reshapeTo(graph, table, [tuples]), count, kernel);
  const strides = [...util.computeStrides([...dims]), 1];
  const { shape, dtype } = table;
  const scaled = graph.node("Mul", [table, graph.ints(strides)], { shape, dtype });
  const rows = reduceOver(graph, "ReduceSum", scaled, [1], false);
  return checkedRows(graph, rows, count, kernel);
}
