/** The affine map. Its gradients are plain matrix products, without tfjs' detour over rank 3. */
import { fused, matMul, sum, type Tensor1D, type Tensor2D } from "@tensorflow/tfjs-core";
import { withGradient } from "./fused.ts";

/**
 * `x w + b`.
 * @param x `[N, I]`
 * @param w `[I, O]`
 * @param b `[O]`; none for `x w`
 * @returns `[N, O]`
 */
export function linear(x: Tensor2D, w: Tensor2D, b?: Tensor1D): Tensor2D {
  return withGradient<Tensor2D>(b ? [x, w, b] : [x, w], (save) => {
    save([x, w]);
    return {
      value: (b ? fused.matMul({ a: x, b: w, bias: b }) : matMul(x, w)) as Tensor2D,
      gradFunc: (dy, saved) => {
        const [x, w] = saved as [Tensor2D, Tensor2D];
        const gradients = [matMul(dy, w, false, true), matMul(x, dy, true, false)];
        return b ? [...gradients, sum(dy, 0)] : gradients;
      },
    };
  });
}
