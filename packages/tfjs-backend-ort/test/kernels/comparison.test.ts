import fc from "fast-check";
import { beforeAll, describe, test } from "vitest";
import {
  compileKernel,
  EXACT,
  elementsOf,
  expectSameAsCpu,
  RUNS,
  SHAPE_PAIRS,
  SHAPES,
  type TensorType,
  tensorOf,
  useOrt,
} from "./support.ts";

const COMPARISONS = ["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"];
const TYPES: readonly TensorType[] = ["float32", "int32", "bool"];

beforeAll(useOrt);

describe("kernels/comparison", () => {
  test.each(COMPARISONS)("%s gives what cpu gives", (kernel) => compareWithCpu(kernel, TYPES));

  test.each(["LogicalAnd", "LogicalOr"])("%s gives what cpu gives", (kernel) =>
    compareWithCpu(kernel, ["bool"]),
  );

  test("LogicalNot gives what cpu gives", () => {
    const compiled = compileKernel("LogicalNot");
    const input = fc
      .constantFrom(...SHAPES)
      .chain((shape) => tensorOf(shape, "bool", elementsOf("bool", 1)));
    fc.assert(
      fc.property(input, (x) => expectSameAsCpu("LogicalNot", { x }, {}, EXACT, compiled)),
      RUNS,
    );
    compiled.dispose();
  });
});

function compareWithCpu(kernel: string, types: readonly TensorType[]): void {
  const compiled = compileKernel(kernel);
  // Few distinct values, so that many pairs are equal.
  const inputs = fc
    .tuple(fc.constantFrom(...SHAPE_PAIRS), fc.constantFrom(...types))
    .chain(([[left, right], dtype]) => {
      const elements =
        dtype === "float32"
          ? fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 0, 1, -1.5)
          : elementsOf(dtype, 2);
      return fc.record({
        a: tensorOf(left, dtype, elements),
        b: tensorOf(right, dtype, elements),
      });
    });
  fc.assert(
    fc.property(inputs, (pair) => expectSameAsCpu(kernel, pair, {}, EXACT, compiled)),
    RUNS,
  );
  compiled.dispose();
}
