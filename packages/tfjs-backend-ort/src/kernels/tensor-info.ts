/** Gives tfjs' own shape functions what they ask for: they take tensors but only read shapes. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Value } from "../graph/graph.ts";

/** A tensor of the shape of `value`; int32, because that is the type some functions insist on. */
export function shapeOnly({ shape }: Pick<Value, "shape">): TensorInfo {
  return { dataId: {}, shape: [...shape], dtype: "int32" };
}
