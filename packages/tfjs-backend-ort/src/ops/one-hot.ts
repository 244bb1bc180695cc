/** One-hot rows as numbers. */
import { cast, oneHot, type Tensor1D, type Tensor2D } from "@tensorflow/tfjs-core";

/**
 * 1 at `[n, indices[n]]`, 0 elsewhere.
 * @param indices `[N]` int32
 * @returns `[N, depth]` float32
 */
export function oneHotFloat(indices: Tensor1D, depth: number): Tensor2D {
  // Cast afterwards: asked for float32, backend wasm 4.22 writes the bits of integers.
  return cast(oneHot(indices, depth), "float32") as Tensor2D;
}
