/** The activation that fused kernels (_FusedMatMul, FusedConv2D) apply to their result. */
import { UnsupportedKernelError } from "../errors.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { ACTIVATION } from "./activation.ts";
import type { Handler } from "./kernel.ts";
import { UNARY } from "./unary.ts";

/** The inputs of a fused kernel besides its operands, and the attributes of its activation. */
export interface FusedActivation {
  readonly activation?: string | null;
  /** Slope below zero for `leakyrelu`. */
  readonly leakyreluAlpha?: number;
}

const KERNELS: Readonly<Record<string, Handler | undefined>> = {
  linear: (_, { x }) => x as Value,
  relu: ACTIVATION["Relu"],
  relu6: ACTIVATION["Relu6"],
  elu: ACTIVATION["Elu"],
  leakyrelu: ACTIVATION["LeakyRelu"],
  prelu: ACTIVATION["Prelu"],
  sigmoid: UNARY["Sigmoid"],
};

/**
 * Applies the activation of a fused kernel as the kernel of that name would.
 * @param weights the slopes of `prelu`, broadcasting to the shape of `x`
 * @throws UnsupportedKernelError for an activation that tfjs does not have, or `prelu` without slopes
 */
export function activate(
  graph: Graph,
  x: Value,
  { activation, leakyreluAlpha }: FusedActivation,
  weights?: Value,
): Value {
  const record = KERNELS[activation ?? "linear"];
  if (!record || (activation === "prelu" && !weights)) {
    throw new UnsupportedKernelError(
      `fused kernel: expected one of ${Object.keys(KERNELS)} (prelu with slopes), got ${activation}. ` +
        "Apply the activation as an op of its own.",
    );
  }
  const slopes = weights && activation === "prelu" ? { alpha: weights } : {};
  return record(graph, { x, ...slopes }, { alpha: leakyreluAlpha }) as Value;
}
