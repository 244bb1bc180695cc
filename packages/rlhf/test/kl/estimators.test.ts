import { describe, expect, test } from "vitest";
import { KL_ESTIMATORS, klEstimates } from "../../src/kl/estimators.ts";
import { ARRAYS, flat, goldenRows } from "../golden.ts";
import { normals } from "../random.ts";

/** Decimal fractions in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 0 };
/** Digits that are printed. */
const PRINTED = { atol: 5.1e-8, rtol: 0 };

const rows = (...numbers: number[][]) => numbers.map((row) => Float64Array.from(row));
// Of TRL's test of its PPO trainer.
const POLICY = rows([0.5, 0.2, 0.1], [0.6, 0.2, 0.1]);
const REFERENCE = rows([0.4, 0.3, 0], [0.7, 0.1, 0.3]);

describe("kl/estimators", () => {
  test("of TRL's example are TRL's", () => {
    const of = (name: "k1" | "k2" | "k3" | "abs") => flat(klEstimates(name, POLICY, REFERENCE));
    expect(of("k1")).toBeAllClose([0.1, -0.1, 0.1, -0.1, 0.1, -0.2], FLOAT64);
    expect(of("abs")).toBeAllClose([0.1, 0.1, 0.1, 0.1, 0.1, 0.2], FLOAT64);
    expect(of("k2")).toBeAllClose([0.005, 0.005, 0.005, 0.005, 0.005, 0.02], FLOAT64);
    expect(of("k3")).toBeAllClose(
      [0.0048374, 0.0051709, 0.0048374, 0.0051709, 0.0048374, 0.0214028],
      PRINTED,
    );
  });

  test.each(KL_ESTIMATORS)("%s is torch's", (name) => {
    const ours = klEstimates(name, goldenRows("kl.logps"), goldenRows("kl.ref_logps"));
    expect(flat(ours)).toBeAllClose(flat(goldenRows(`kl.${name}`)), ARRAYS);
  });

  test("k1 and k3 have the exact divergence as mean, k3 and k2 are never negative", () => {
    const softmax = (logits: Float64Array) => {
      const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
      return logits.map((x) => x - Math.log(total));
    };
    const [policy, reference] = [softmax(normals(9, 1)), softmax(normals(9, 2))];
    const expectation = (numbers: Float64Array) =>
      numbers.reduce((sum, x, v) => sum + Math.exp(policy[v] as number) * x, 0);
    const of = (name: "k1" | "k2" | "k3") =>
      klEstimates(name, [policy], [reference])[0] as Float64Array;
    const exact = expectation(policy.map((x, v) => x - (reference[v] as number)));
    expect(exact).toBeGreaterThan(0.1);
    expect(expectation(of("k1"))).toBeAllClose(exact, FLOAT64);
    expect(expectation(of("k3"))).toBeAllClose(exact, FLOAT64);
    expect(Math.abs(expectation(of("k2")) - exact)).toBeGreaterThan(0.01);
    expect(Math.min(...of("k2"), ...of("k3"))).toBeGreaterThanOrEqual(0);
  });

  test("k3 of a tiny difference keeps its digits", () => {
    const [[k3]] = klEstimates("k3", rows([1e-7]), rows([0])) as [Float64Array];
    expect(k3).toBeAllClose(5e-15, { atol: 0, rtol: 0.05 });
  });

  test("rows of other lengths are an error", () => {
    expect(() => klEstimates("k1", rows([1, 2]), rows([1]))).toThrow("rows of lengths 2, got 1");
  });
});
