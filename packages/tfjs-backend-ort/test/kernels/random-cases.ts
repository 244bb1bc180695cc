/**
 * Random calls of a kernel, with shapes and attributes drawn one after the other, each compared
 * with the cpu kernel alone and inside a compiled function.
 */
import type { Tolerance } from "@preflab/testing";
import fc from "fast-check";
import { sizeOf } from "../../src/graph/dtypes.ts";
import {
  compileKernel,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  expectSlope,
  type HostInput,
  type KernelAttrs,
  type KernelInputs,
  type Program,
  RUNS,
  type TensorType,
  tensorFrom,
} from "./support.ts";

/** Inputs and attributes of one call. Kernels with a list of inputs take an array. */
export interface Call {
  readonly inputs: KernelInputs | readonly HostInput[];
  readonly attrs?: KernelAttrs;
}

/** Random choices within one call. */
export class Draw {
  readonly #gen: fc.GeneratorValue;

  constructor(gen: fc.GeneratorValue) {
    this.#gen = gen;
  }

  /** An integer in `[min, max]`. */
  int(min: number, max: number): number {
    return this.#gen(fc.integer, { min, max });
  }

  /** One of `choices`. */
  pick<T>(...choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)] as T;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.int(1, n) === 1;
  }

  /** Those of `items` that a coin picks, in order. */
  some<T>(items: readonly T[]): T[] {
    return items.filter(() => this.oneIn(2));
  }

  /** `items` in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.int(0, rest.length - 1), 1)[0] as T);
  }

  /** `count` integers in `[min, max]`. */
  ints(count: number, min: number, max: number): number[] {
    return Array.from({ length: count }, () => this.int(min, max));
  }

  /** A shape of `rank` dimensions up to 4; about one in twelve is 0 unless `min` says otherwise. */
  shape(rank: number, min = 0): number[] {
    return Array.from({ length: rank }, () => (min === 0 && this.oneIn(12) ? 0 : this.int(1, 4)));
  }

  /** One of the three types. */
  type(): TensorType {
    return this.pick<TensorType>("float32", "int32", "bool");
  }

  /** A tensor of ordinary numbers. */
  tensor(shape: readonly number[], dtype: TensorType = "float32"): HostInput {
    return this.#tensor(shape, dtype, elementsOf(dtype, 4, []));
  }

  /** A tensor whose floats include NaN, infinities and signed zeros. */
  anything(shape: readonly number[], dtype: TensorType = this.type()): HostInput {
    return this.#tensor(shape, dtype, elementsOf(dtype, 1000));
  }

  /** An int32 tensor with elements in `[min, max]`. */
  indices(shape: readonly number[], min: number, max: number): HostInput {
    return this.#tensor(shape, "int32", fc.integer({ min, max: Math.max(min, max) }));
  }

  #tensor(shape: readonly number[], dtype: TensorType, elements: fc.Arbitrary<number>): HostInput {
    const length = sizeOf(shape);
    const data = this.#gen(fc.array, elements, {
      minLength: length,
      maxLength: length,
      size: "max",
    }) as number[];
    return { dtype, shape, data };
  }
}

/** Programs whose gradients are tested, with the shapes of their float32 inputs. */
export type GradientCases = Readonly<
  Record<string, readonly [program: Program, ...shapes: (readonly number[])[]]>
>;

/** Expects the gradients of the cpu backend for all inputs, and the slope for the first. */
export async function expectGradients(
  program: Program,
  shapes: readonly (readonly number[])[],
): Promise<void> {
  const [first, ...others] = shapes.map(uneven) as [HostInput, ...HostInput[]];
  await expectGradientsOfCpu(program, [first, ...others]);
  expectSlope((x) => program(x, ...others.map(tensorFrom)), first);
}

/** A float32 tensor of distinct numbers between -1.5 and 1.5, in no order. */
export function uneven(shape: readonly number[]): HostInput {
  const size = sizeOf(shape);
  const data = Array.from({ length: size }, (_, i) => (3 * ((i * 7919 + 13) % size)) / size - 1.45);
  return { dtype: "float32", shape, data };
}

/**
 * Compares `kernel` with the cpu kernel on random calls.
 * @param call draws one call; null draws another instead
 */
export function expectRandomCallsSameAsCpu(
  kernel: string,
  call: (draw: Draw) => Call | null,
  tolerance: Tolerance,
  numRuns = 24,
): void {
  fc.assert(
    fc.property(fc.gen(), (gen) => {
      const drawn = call(new Draw(gen));
      fc.pre(drawn !== null);
      const { inputs, attrs = {} } = drawn;
      const compiled = compileKernel(kernel, attrs);
      try {
        expectSameAsCpu(kernel, inputs as KernelInputs, attrs, tolerance, compiled);
      } finally {
        compiled.dispose();
      }
    }),
    // Every attempt to shrink a failure would compile again.
    { ...RUNS, numRuns, endOnFailure: true },
  );
}
