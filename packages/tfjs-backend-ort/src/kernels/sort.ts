/** TopK: the largest elements of the last axis. */
import type { TopKAttrs, TopKInputs } from "@tensorflow/tfjs-core";
import { sizeOf } from "../graph/dtypes.ts";
import { numericType } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, emptyOf } from "./shape.ts";

/** Handler of TopK: values and their int32 positions, descending; ties in order of position. */
export const SORT: HandlerTable = {
  TopK: handler<keyof TopKInputs, TopKAttrs>((graph, { x }, { k }) => {
    const shape = [...x.shape.slice(0, -1), k];
    // ONNX Runtime divides by zero on inputs without rows.
    if (sizeOf(shape) === 0)
      return [emptyOf(graph, shape, x.dtype), emptyOf(graph, shape, "int32")];
    const number = castTo(graph, x, numericType(x));
    const outputs = [
      { shape, dtype: number.dtype },
      { shape, dtype: "int64" },
    ] as const;
    // Also where tfjs asks for any order: a defined one costs little.
    const [values, positions] = graph.multiNode("TopK", [number, graph.ints([k])], outputs);
    return [
      castTo(graph, values as typeof x, x.dtype),
      castTo(graph, positions as typeof x, "int32"),
    ];
  }),
};
