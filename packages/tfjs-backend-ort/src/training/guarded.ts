/**
 * A training program that changes variables only if its numbers are acceptable. Compiled, it is
 * asked after the run, before variables take their new values; elsewhere, between gradients and
 * update.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Compiler, type JitOptions } from "../jit/compiler.ts";
import { compilingBackend } from "../jit/jit.ts";
import { flatten } from "../jit/structure.ts";
import { isFiniteStep, type StepTensors } from "./step-result.ts";

/** Computes loss and gradient norm, asks whether to go on, and then changes variables. */
export type GuardedFunction<Args extends readonly unknown[]> = (
  accepts: (tensors: StepTensors) => boolean,
  ...args: Args
) => StepTensors;

/** A compiled {@link GuardedFunction}. */
export class GuardedProgram<Args extends readonly unknown[]> {
  readonly #fn: GuardedFunction<Args>;
  readonly #accepts: (tensors: StepTensors) => boolean;
  readonly #compiler: Compiler;

  /** @param skipNonFinite whether numbers must be finite to be acceptable */
  constructor(fn: GuardedFunction<Args>, options: JitOptions, skipNonFinite: boolean) {
    this.#fn = fn;
    this.#accepts = skipNonFinite ? isFiniteNow : () => true;
    this.#compiler = new Compiler(
      (...args: never[]) => fn(() => true, ...(args as unknown as Args)),
      options,
      skipNonFinite ? { commitIf: (returned) => isFiniteNow(returned as StepTensors) } : {},
    );
  }

  /** Runs once. The caller disposes the result. */
  async run(...args: Args): Promise<StepTensors> {
    const backend = compilingBackend();
    if (!backend) {
      const run = () => this.#fn(this.#accepts, ...args) as StepTensors & tf.TensorContainer;
      return tf.tidy(run);
    }
    const flat = flatten(args);
    return (await this.#compiler.prepare(flat, backend).runAsync(flat.tensors)) as StepTensors;
  }

  /** Frees all compiled signatures. */
  dispose(): void {
    this.#compiler.dispose();
  }
}

function isFiniteNow({ loss, gradNorm }: StepTensors): boolean {
  const number = (scalar: tf.Scalar) => scalar.dataSync()[0] as number;
  return isFiniteStep({ loss: number(loss), gradNorm: number(gradNorm) });
}
