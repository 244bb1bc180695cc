import { describe, expect, test } from "vitest";
import { generalizedAdvantages } from "../../src/advantages/gae.ts";
import { whiten } from "../../src/statistics/whiten.ts";
import { ARRAYS, flat, goldenRows } from "../golden.ts";
import { normalRows } from "../random.ts";

/** The same sums in another order. */
const FLOAT64 = { atol: 1e-12, rtol: 1e-12 };

const SETTINGS = [
  [1, 0.95],
  [0.99, 0.95],
  [1, 1],
  [0.9, 0],
  [1, 0.5],
] as const;

/** A second implementation: sums of discounted errors, every one written out. */
function explicit(
  rewards: Float64Array,
  values: Float64Array,
  gamma: number,
  lambda: number,
): Float64Array {
  const errors = rewards.map(
    (reward, t) => reward + gamma * (values[t + 1] ?? 0) - (values[t] as number),
  );
  return errors.map((_, t) =>
    errors.slice(t).reduce((sum, error, k) => sum + (gamma * lambda) ** k * error, 0),
  );
}

describe("advantages/gae", () => {
  test.each(SETTINGS)("with gamma %d and lambda %d are torch's", (gamma, lambda) => {
    const [rewards, values] = ["shaping.k1.c0.05.rewards", "gae.values"].map((name) =>
      goldenRows(name),
    ) as [Float64Array[], Float64Array[]];
    const { advantages, returns } = generalizedAdvantages(rewards, values, gamma, lambda);
    const name = `gae.g${gamma}.l${lambda}`;
    expect(flat(advantages)).toBeAllClose(flat(goldenRows(`${name}.advantages`)), ARRAYS);
    expect(flat(returns)).toBeAllClose(flat(goldenRows(`${name}.returns`)), ARRAYS);
    const whitened = whiten(advantages, { variance: "bessel", shiftMean: true });
    expect(flat(whitened)).toBeAllClose(flat(goldenRows(`${name}.advantages_whitened`)), ARRAYS);
  });

  test("of whitened rewards are torch's", () => {
    const rewards = whiten(goldenRows("shaping.k1.c0.05.rewards"), {
      variance: "bessel",
      shiftMean: false,
    });
    const { advantages } = generalizedAdvantages(rewards, goldenRows("gae.values"), 1, 0.95);
    expect(flat(advantages)).toBeAllClose(
      flat(goldenRows("gae.whiten_rewards.advantages")),
      ARRAYS,
    );
  });

  test.each(SETTINGS)("with gamma %d and lambda %d are sums of errors", (gamma, lambda) => {
    const lengths = Array.from({ length: 20 }, (_, i) => 1 + 2 * i);
    const [rewards, values] = [normalRows(lengths, 1), normalRows(lengths, 2)];
    const { advantages, returns } = generalizedAdvantages(rewards, values, gamma, lambda);
    const expected = rewards.map((row, i) =>
      explicit(row, values[i] as Float64Array, gamma, lambda),
    );
    expect(flat(advantages)).toBeAllClose(flat(expected), FLOAT64);
    const sums = flat(expected).map((x, i) => x + (flat(values)[i] as number));
    expect(flat(returns)).toBeAllClose(sums, FLOAT64);
  });

  test("of torchtune's example gives torchtune's returns", () => {
    const row = [Float64Array.of(0, 0, 0, 1)];
    const { advantages, returns } = generalizedAdvantages(row, row, 0.9, 0.95);
    expect(returns[0]).toBeAllClose([0.6579225, 0.7695, 0.9, 1], { atol: 1e-9, rtol: 0 });
    expect(advantages[0]?.[3]).toBe(0);
  });

  test("with lambda 1 returns are sums of rewards to come, with 0 one step ahead", () => {
    const rewards = [Float64Array.of(1, 2, 4)];
    const values = [Float64Array.of(10, 20, 30)];
    expect([...flat(generalizedAdvantages(rewards, values, 1, 1).returns)]).toEqual([7, 6, 4]);
    expect([...flat(generalizedAdvantages(rewards, values, 1, 0).returns)]).toEqual([21, 32, 4]);
  });

  test("of one completion do not depend on the others", () => {
    const [rewards, values] = [normalRows([3, 8, 5], 3), normalRows([3, 8, 5], 4)];
    const all = generalizedAdvantages(rewards, values, 0.9, 0.8).advantages[1];
    const alone = generalizedAdvantages(rewards.slice(1, 2), values.slice(1, 2), 0.9, 0.8);
    expect(alone.advantages[0]).toEqual(all);
  });

  test("values of other lengths are an error", () => {
    expect(() => generalizedAdvantages(normalRows([2], 1), normalRows([3], 1), 1, 1)).toThrow(
      "rows of lengths 2, got 3",
    );
  });
});
