/** Batch and local response normalisation. */
import type {
  FusedBatchNormAttrs,
  LRNAttrs,
  LRNGradAttrs,
  LRNGradInputs,
  LRNInputs,
} from "@tensorflow/tfjs-core";
import type { Graph, Value } from "../graph/graph.ts";
import { apply, combine } from "./elementwise.ts";
import { type HandlerTable, handler } from "./kernel.ts";
import { matMul } from "./matmul.ts";
import { castTo } from "./shape.ts";

/** tfjs' epsilon where the caller gives none. */
const DEFAULT_EPSILON = 0.001;

interface BatchNormInputs {
  readonly x: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly scale?: Value;
  readonly offset?: Value;
}

/** Handlers of the normalisations. */
export const NORMALIZE: HandlerTable = {
  // offset + (x - mean) * scale / sqrt(variance + epsilon), statistics broadcast over the front.
  FusedBatchNorm: handler<"x" | "mean" | "variance", FusedBatchNormAttrs>(
    (graph, inputs: BatchNormInputs, { varianceEpsilon }) => {
      const { x, mean, variance, scale, offset } = inputs;
      const [float, center, spread] = [x, mean, variance].map((value) =>
        castTo(graph, value, "float32"),
      ) as [Value, Value, Value];
      const epsilon = graph.scalar(varianceEpsilon ?? DEFAULT_EPSILON);
      const deviation = apply(graph, "Sqrt", combine(graph, "Add", spread, epsilon));
      const factor = combine(
        graph,
        "Div",
        scale ? castTo(graph, scale, "float32") : graph.scalar(1),
        deviation,
      );
      const scaled = combine(graph, "Mul", combine(graph, "Sub", float, center), factor);
      const result = offset
        ? combine(graph, "Add", scaled, castTo(graph, offset, "float32"))
        : scaled;
      return castTo(graph, result, x.dtype);
    },
  ),

  // x * (bias + alpha * sum of squares of the neighbouring channels) ^ -beta
  LRN: handler<keyof LRNInputs, LRNAttrs>((graph, { x }, attributes) => {
    const power = graph.scalar(-attributes.beta);
    return combine(graph, "Mul", x, combine(graph, "Pow", energy(graph, x, attributes), power));
  }),

  // dy * energy ^ -beta - 2 alpha beta x * (sum over the neighbours of dy * y / energy)
  LRNGrad: handler<keyof LRNGradInputs, LRNGradAttrs>((graph, { x, y, dy }, attributes) => {
    const { alpha, beta, depthRadius } = attributes;
    const norm = energy(graph, x, attributes);
    const direct = combine(graph, "Mul", dy, combine(graph, "Pow", norm, graph.scalar(-beta)));
    const ratio = combine(graph, "Div", combine(graph, "Mul", dy, y), norm);
    const slope = combine(graph, "Mul", x, graph.scalar(-2 * alpha * beta));
    const indirect = combine(graph, "Mul", slope, neighbourSum(graph, ratio, depthRadius));
    return combine(graph, "Add", direct, indirect);
  }),
};

function energy(graph: Graph, x: Value, { depthRadius, bias, alpha }: LRNAttrs): Value {
  const squares = neighbourSum(graph, combine(graph, "Mul", x, x), depthRadius);
  return combine(
    graph,
    "Add",
    combine(graph, "Mul", squares, graph.scalar(alpha)),
    graph.scalar(bias),
  );
}

/** Sum over the channels at most `radius` away: a product with a band of ones. */
function neighbourSum(graph: Graph, x: Value, radius: number): Value {
  const channels = x.shape.at(-1) as number;
  const band = Float32Array.from({ length: channels * channels }, (_, i) =>
    Math.abs(Math.floor(i / channels) - (i % channels)) <= radius ? 1 : 0,
  );
  const ones = graph.constant(band, [channels, channels], "float32");
  return matMul(graph, x, ones, { transposeA: false, transposeB: false });
}
