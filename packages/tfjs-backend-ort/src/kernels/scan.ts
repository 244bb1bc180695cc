/** Cumulative sums and products along one axis. */
import type { CumsumAttrs, CumsumInputs } from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph/graph.ts";
import { combine, numericType } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, isEmpty, normalizeAxis } from "./shape.ts";

/** Handlers of Cumsum and Cumprod. */
export const SCAN: HandlerTable = {
  Cumsum: handler<keyof CumsumInputs, CumsumAttrs>((graph, { x }, { axis, exclusive, reverse }) => {
    const number = castTo(graph, x, numericType(x));
    const along = graph.scalar(normalizeAxis(axis, x.shape.length), "int32");
    const options = { exclusive: { int: +exclusive }, reverse: { int: +reverse } };
    return graph.node("CumSum", [number, along], number, options);
  }),

  Cumprod: handler<keyof CumsumInputs, CumsumAttrs>(
    (graph, { x }, { axis, exclusive, reverse }) => {
      const number = castTo(graph, x, numericType(x));
      if (isEmpty(number)) return number;
      const along = normalizeAxis(axis, x.shape.length);
      const direction = reverse ? -1 : 1;
      const start = exclusive ? shiftOnes(graph, number, along, direction) : number;
      return runningProduct(graph, start, along, direction);
    },
  ),
};

/** Products of all elements up to each one, in log2(length) steps of doubling reach. */
function runningProduct(graph: Graph, start: Value, axis: number, direction: 1 | -1): Value {
  let product = start;
  for (let reach = 1; reach < (start.shape[axis] as number); reach *= 2) {
    const earlier = shiftOnes(graph, product, axis, direction * reach);
    product = combine(graph, "Mul", product, earlier);
  }
  return product;
}

/** `x` moved by `distance` along `axis` (negative: towards the front); ones move in. */
function shiftOnes(graph: Graph, x: Value, axis: number, distance: number): Value {
  const before = x.shape.map((_, i) => (i === axis ? distance : 0));
  const pads = graph.ints([...before, ...before.map((pad) => -pad)]);
  return graph.node("Pad", [x, pads, graph.scalar(1, x.dtype)], x);
}
