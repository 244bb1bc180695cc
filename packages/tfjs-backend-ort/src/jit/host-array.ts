/** Element storage of host tensors as the graph and ONNX Runtime want it: typed arrays only. */
import type { DType, HostArray } from "../graph/dtypes.ts";

/**
 * The elements as a typed array of `dtype`, without a copy where they already are one.
 * @param values what a tfjs backend stores: a typed array, or an array of numbers or booleans
 */
export function asHostArray(values: unknown, dtype: DType): HostArray {
  switch (dtype) {
    case "float32":
      return values instanceof Float32Array ? values : Float32Array.from(values as number[]);
    case "int32":
      return values instanceof Int32Array ? values : Int32Array.from(values as number[]);
    case "bool":
      return values instanceof Uint8Array
        ? values
        : Uint8Array.from(values as ArrayLike<number>, (x) => (x ? 1 : 0));
    default:
      throw new Error(`asHostArray: expected a tfjs element type, got ${dtype}.`);
  }
}
