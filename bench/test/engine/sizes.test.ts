import { describe, expect, it } from "vitest";
import { batchOf, weights } from "../../engine/numbers.ts";
import { parameterShapes, SIZES, stepFlops, weightProducts } from "../../engine/sizes.ts";

const TINY = { layers: 1, width: 2, heads: 1, vocabulary: 3, batch: 2, length: 5 };

describe("engine/sizes", () => {
  it("counts a step's operations: 6 per weight of a product and row, and attention", () => {
    const perRow = 12 * TINY.width ** 2 + TINY.vocabulary * TINY.width;
    const attention = 12 * TINY.batch * TINY.length ** 2 * TINY.width;
    expect(stepFlops(TINY)).toBe(6 * 10 * perRow + attention);
  });

  it("multiplies every matrix but the positions three times", () => {
    const products = weightProducts(TINY).reduce((sum, { count }) => sum + count, 0);
    const matrices = Object.entries(parameterShapes(TINY)).filter(
      ([name, shape]) => shape.length === 2 && name !== "positions",
    );
    expect(products).toBe(3 * matrices.length);
  });

  it("G has the parameters of GPT-2 with 128 positions", () => {
    const shapes = Object.values(parameterShapes(SIZES.G));
    const count = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(count).toBe(124_439_808 - (1024 - 128) * 768);
  });
});

describe("engine/numbers", () => {
  it("are the ones that the peers compute", () => {
    // peers/same_numbers.py: weights(3, 4), batch_of(TINY)
    const first = [
      0.028276104480028152, -0.0305881779640913, -0.019243428483605385, 0.0016870992258191109,
    ];
    expect([...weights(3, 4)]).toEqual(first.map(Math.fround));
    expect([...batchOf(TINY).ids]).toEqual([0, 0, 1, 2, 2, 0, 2, 1, 2, 1]);
    expect([...batchOf(TINY).targets]).toEqual([0, 2, 1, 2, 0, 1, 2, 1, 0, 2]);
  });

  it("have mean 0 and standard deviation 0.02", () => {
    const data = weights(0, 100_000);
    const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
    const square = data.reduce((sum, x) => sum + x * x, 0) / data.length;
    // Three standard errors of 100,000 numbers.
    expect(Math.abs(mean)).toBeLessThan((3 * 0.02) / Math.sqrt(data.length));
    expect(Math.sqrt(square)).toBeCloseTo(0.02, 3);
  });
});
