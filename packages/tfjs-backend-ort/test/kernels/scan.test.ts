import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, test } from "vitest";
import {
  compileKernel,
  EXACT,
  elementsOf,
  expectGradientsOfCpu,
  expectSameAsCpu,
  expectSlope,
  type HostInput,
  RUNS,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

// Up to 13 float32 operations in a row, associated differently.
const ACCUMULATION: Tolerance = { rtol: 1e-5, atol: 1e-5 };

const AXES: readonly (readonly [readonly number[], number])[] = [
  [[13], 0],
  [[2, 5], 1],
  [[3, 4, 2], 1],
  [[3, 2], 0],
  [[0, 3], 1],
];
const TYPES: readonly TensorType[] = ["float32", "int32", "bool"];
const MODES = [
  { exclusive: false, reverse: false },
  { exclusive: true, reverse: false },
  { exclusive: false, reverse: true },
  { exclusive: true, reverse: true },
];

beforeAll(useOrt);

describe("kernels/scan", () => {
  test.each(MODES)("Cumsum %o gives what cpu gives", (mode) => compareWithCpu("Cumsum", mode, 100));

  test.each(MODES)("Cumprod %o gives what cpu gives", (mode) => compareWithCpu("Cumprod", mode, 2));

  test("a running product passes zeros on and nothing else back", () => {
    const x: HostInput = { dtype: "float32", shape: [6], data: [2, 3, 0, 5, Number.NaN, 7] };
    for (const mode of MODES) expectSameAsCpu("Cumprod", { x }, { axis: 0, ...mode }, EXACT);
  });

  // Along the last axis: elsewhere tfjs' own gradient has the wrong shape.
  test.each(MODES)("gradient of cumsum %o", async ({ exclusive, reverse }) => {
    const x: HostInput = { dtype: "float32", shape: [2, 3], data: [1, -2, 3, 0.5, 4, -1] };
    const program = (t: tf.Tensor): tf.Tensor => tf.square(tf.cumsum(t, 1, exclusive, reverse));
    await expectGradientsOfCpu(program, [x]);
    expectSlope((t) => tf.cumsum(t, 1, exclusive, reverse), x);
  });
});

function compareWithCpu(kernel: string, mode: (typeof MODES)[number], range: number): void {
  for (const [shape, axis] of AXES) {
    const attrs = { axis, ...mode };
    const compiled = compileKernel(kernel, attrs);
    const input = fc
      .constantFrom(...TYPES)
      .chain((dtype) => tensorOf(shape, dtype, elementsOf(dtype, range, [Number.NaN, 0])));
    fc.assert(
      fc.property(input, (x) => expectSameAsCpu(kernel, { x }, attrs, ACCUMULATION, compiled)),
      { ...RUNS, numRuns: 6 },
    );
    compiled.dispose();
  }
}
