/**
 * What the operations of this folder have in common: a forward computation that uses a kernel of
 * this package (../kernels/neural.ts) where the backend has it and plain tfjs ops elsewhere, and a
 * gradient from plain tfjs ops.
 */
import {
  customGrad,
  engine,
  type GradSaveFunc,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from "@tensorflow/tfjs-core";

/** A forward result and its gradient. */
export interface Differentiated<T extends Tensor> {
  readonly value: T;
  /**
   * Gradients with respect to the inputs, in order.
   * @param dy gradient with respect to `value`
   * @param saved what `forward` saved
   */
  readonly gradFunc: (dy: T, saved: Tensor[]) => Tensor[];
}

/** Runs `forward`, an operation on `inputs` that brings its own gradient. */
export function withGradient<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: (save: GradSaveFunc) => Differentiated<T>,
): T {
  // tfjs passes the inputs once more and then what saves tensors for the gradient.
  return customGrad<T>((...args) => forward(args.at(-1) as GradSaveFunc))(...inputs);
}

/**
 * Outputs of kernel `name` where the current backend has it, those of `composed` elsewhere. Only
 * for use inside {@link withGradient}: the kernels have no gradients of their own.
 */
export function fusedKernel(
  name: string,
  inputs: NamedTensorMap,
  attributes: NamedAttrMap,
  composed: () => readonly Tensor[],
): readonly Tensor[] {
  if (!getKernel(name, getBackend())) return composed();
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes);
  return Array.isArray(outputs) ? outputs : [outputs];
}
