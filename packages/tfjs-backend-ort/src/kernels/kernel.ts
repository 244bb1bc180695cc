/**
 * The contract of a handler: it records one tfjs kernel as ONNX nodes. Handlers are pure functions
 * of graph values; they never see tensors, so the same handler serves a trace and a one-node graph.
 */
import type { Graph, Value } from "../graph/graph.ts";

/**
 * Records a kernel.
 * @param graph the graph to append to
 * @param inputs by tfjs' input names; kernels with a list of inputs (Concat, Pack, AddN, Einsum)
 *   have the keys "0", "1", ... in order; optional inputs may be absent
 * @param attributes the tfjs kernel attributes, as given by the caller (axes may be negative)
 * @returns the outputs in tfjs' order, with tfjs' shapes and dtypes
 * @throws UnsupportedKernelError for inputs or attributes it cannot record
 */
export type Handler = (
  graph: Graph,
  inputs: Readonly<Record<string, Value>>,
  attributes: Readonly<Record<string, unknown>>,
) => Value | readonly Value[];

/** Handlers by tfjs kernel name. */
export type HandlerTable = Readonly<Record<string, Handler>>;

/**
 * Gives a handler typed inputs and attributes: `handler<"a" | "b">((graph, { a, b }) => ...)`,
 * `handler<"x", SumAttrs>((graph, { x }, { axis }) => ...)`. tfjs validates both before the kernel runs.
 */
export function handler<Inputs extends string, Attrs extends object = object>(
  record: (
    graph: Graph,
    inputs: Record<Inputs, Value>,
    attributes: Attrs,
  ) => Value | readonly Value[],
): Handler {
  return (graph, inputs, attributes) =>
    record(graph, inputs as Record<Inputs, Value>, attributes as Attrs);
}

/** Same for kernels whose inputs are a list (Concat, Pack, AddN, Einsum). */
export function listHandler<Attrs extends object = object>(
  record: (graph: Graph, inputs: readonly Value[], attributes: Attrs) => Value | readonly Value[],
): Handler {
  return (graph, inputs, attributes) => record(graph, Object.values(inputs), attributes as Attrs);
}
