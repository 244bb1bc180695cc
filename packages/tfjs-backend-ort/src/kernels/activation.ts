/** Piecewise functions: rectifiers, their gradients, steps and clipping. */
import {
  backend_util,
  type ClipByValueAttrs,
  type EluGradInputs,
  type LeakyReluAttrs,
  type LeakyReluInputs,
  type PreluInputs,
  type StepAttrs,
} from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph/graph.ts";
import { apply, combine, inFloat, numeric, test } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { castTo, where } from "./shape.ts";

/** Handlers of the activation kernels. */
export const ACTIVATION: HandlerTable = {
  Relu: numeric((graph, x) => apply(graph, "Relu", x)),
  Relu6: numeric((graph, x) => clip(graph, x, 0, 6)),
  ClipByValue: numeric<ClipByValueAttrs>((graph, x, { clipValueMin, clipValueMax }) =>
    clip(graph, x, clipValueMin, clipValueMax),
  ),

  Elu: inFloat((graph, x) => apply(graph, "Elu", x)),
  EluGrad: handler<keyof EluGradInputs>((graph, { dy, y }) => {
    // y + 1 below zero, 1 above, and NaN for NaN.
    const negative = combine(graph, "Min", y, graph.scalar(0));
    return combine(graph, "Mul", dy, combine(graph, "Add", negative, graph.scalar(1)));
  }),
  Selu: inFloat((graph, x) =>
    graph.node("Selu", [x], x, {
      alpha: { float: backend_util.SELU_SCALEALPHA / backend_util.SELU_SCALE },
      gamma: { float: backend_util.SELU_SCALE },
    }),
  ),

  LeakyRelu: handler<keyof LeakyReluInputs, LeakyReluAttrs>((graph, { x }, { alpha }) => {
    const float = castTo(graph, x, "float32");
    return graph.node("LeakyRelu", [float], float, { alpha: { float: alpha } });
  }),
  Prelu: handler<keyof PreluInputs>((graph, inputs) => {
    const x = castTo(graph, inputs.x, "float32");
    const alpha = castTo(graph, inputs.alpha, "float32");
    const isNegative = test(graph, "Less", x, graph.scalar(0));
    return where(graph, isNegative, combine(graph, "Mul", alpha, x), x);
  }),

  Step: numeric<StepAttrs>((graph, x, { alpha }) => {
    // 1 above zero, 0 elsewhere, NaN for NaN.
    const step = apply(graph, "Relu", apply(graph, "Sign", x));
    if (alpha === 0) return step;
    const isZero = test(graph, "Equal", step, graph.scalar(0, x.dtype));
    return where(graph, isZero, graph.scalar(alpha, x.dtype), step);
  }),
};

/** Limits `x` to `[low, high]`; integers to those bounds cut towards zero. NaN stays NaN. */
function clip(graph: Graph, x: Value, low: number, high: number): Value {
  const limits = [
    Number.isNaN(low) ? Number.NEGATIVE_INFINITY : low,
    Number.isNaN(high) ? Number.POSITIVE_INFINITY : high,
  ].map((limit) => {
    // Without a bound ONNX Runtime limits floats to the finite ones, so only integers go without.
    const isBound = x.dtype === "float32" || Number.isFinite(limit);
    return isBound ? graph.scalar(limit, x.dtype) : null;
  });
  return graph.node("Clip", [x, ...limits], x);
}
