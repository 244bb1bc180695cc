/** Select: one of two tensors, element by element. */
import { backend_util, type SelectInputs } from "@tensorflow/tfjs-core";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, reshapeTo, where } from "./shape.ts";

/** Handler of Select (`tf.where`). */
export const SELECT: HandlerTable = {
  Select: handler<keyof SelectInputs>((graph, { condition, t, e }) => {
    const dtype = backend_util.upcastType(t.dtype as "float32", e.dtype as "float32") as "float32";
    // A condition of rank 1 chooses whole rows.
    const trailing = new Array<number>(Math.max(0, t.shape.length - condition.shape.length)).fill(
      1,
    );
    const chosen =
      condition.shape.length === 1
        ? reshapeTo(graph, condition, [...condition.shape, ...trailing])
        : condition;
    return where(
      graph,
      castTo(graph, chosen, "bool"),
      castTo(graph, t, dtype),
      castTo(graph, e, dtype),
    );
  }),
};
