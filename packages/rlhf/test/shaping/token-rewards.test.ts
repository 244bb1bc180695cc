import { describe, expect, test } from "vitest";
import { klEstimates } from "../../src/kl/estimators.ts";
import { tokenRewards } from "../../src/shaping/token-rewards.ts";
import { ARRAYS, flat, goldenRows, goldenValues } from "../golden.ts";

/** Decimal fractions in float64. */
const FLOAT64 = { atol: 1e-12, rtol: 0 };

const rows = (...numbers: number[][]) => numbers.map((row) => Float64Array.from(row));

describe("shaping/token-rewards", () => {
  test("of torchtune's example are torchtune's", () => {
    const policy = rows([0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.6, 0.7, 0.8]);
    const reference = rows([0.2, 0.3, 0.4], [0.6, 0.7, 0.8], [0.9, 1, 1.1]);
    const rewards = tokenRewards(klEstimates("k1", policy, reference), [1, 2, 3], 0.5);
    expect(flat(rewards)).toBeAllClose(
      [0.05, 0.05, 1.05, 0.1, 0.1, 2.1, 0.15, 0.15, 3.15],
      FLOAT64,
    );
  });

  test.each([
    ["k1", 0.05],
    ["k3", 0.2],
  ] as const)("with %s and weight %d are torch's", (name, weight) => {
    const kl = klEstimates(name, goldenRows("kl.logps"), goldenRows("kl.ref_logps"));
    const rewards = tokenRewards(kl, goldenValues("shaping.scores"), weight);
    const expected = goldenRows(`shaping.${name}.c${weight}.rewards`);
    expect(flat(rewards)).toBeAllClose(flat(expected), ARRAYS);
  });

  test("put the score on the last token of each completion, however long", () => {
    expect(tokenRewards(rows([0, 0, 0], [0]), [5, 7], 1).map((row) => [...row])).toEqual([
      [-0, -0, 5],
      [7],
    ]);
  });

  test("add up to the score less the weighted sequence KL", () => {
    const kl = rows([0.5, 1, 0.25], [2, -1]);
    const sums = tokenRewards(kl, [3, 4], 0.1).map((row) => row.reduce((a, b) => a + b, 0));
    expect(sums).toBeAllClose([3 - 0.175, 4 - 0.1], FLOAT64);
  });

  test("an empty completion and a missing score are errors", () => {
    expect(() => tokenRewards(rows([1], []), [1, 2], 1)).toThrow("completion 1 of 0 tokens");
    expect(() => tokenRewards(rows([1], [1]), [1], 1)).toThrow("expected 2 scores");
  });
});
