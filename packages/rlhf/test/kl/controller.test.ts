import { describe, expect, test } from "vitest";
import { nextKlWeight } from "../../src/kl/controller.ts";
import { golden } from "../golden.ts";

/** The same operations in float64. */
const FLOAT64 = { atol: 0, rtol: 1e-12 };

const CONTROL = { initial: 0.15, target: 6, horizon: 10000 };

describe("kl/controller", () => {
  test.each(golden.adaptive_kl)("follows the golden sequence from $init", (sequence) => {
    const { init, target, horizon, n_steps: count, kl, value_after: expected } = sequence;
    let weight = init;
    const weights = kl.map((x) => {
      weight = nextKlWeight({ initial: init, target, horizon }, weight, x, count);
      return weight;
    });
    expect(weights).toBeAllClose(expected, FLOAT64);
  });

  test("of lm-human-preferences' settings moves as computed by hand", () => {
    const weightAt = (kl: number) => nextKlWeight(CONTROL, 0.15, kl, 512);
    expect([weightAt(12), weightAt(6.3), weightAt(0)]).toBeAllClose(
      [0.151536, 0.150384, 0.148464],
      {
        atol: 5.1e-7,
        rtol: 0,
      },
    );
  });

  test("rests at the target, and without one always", () => {
    expect(nextKlWeight(CONTROL, 0.3, 6, 512)).toBe(0.3);
    expect(nextKlWeight({ ...CONTROL, target: null }, 0.3, 1e6, 1e6)).toBe(0.3);
  });

  test("leads a policy whose divergence falls with the weight to its target", () => {
    let weight = 1;
    for (let step = 0; step < 2000; step++) weight = nextKlWeight(CONTROL, weight, 2 / weight, 256);
    expect(2 / weight).toBeAllClose(6, { atol: 0, rtol: 1e-3 });
  });

  test("a batch that could bring the weight to 0 is an error, so is a divergence of NaN", () => {
    expect(() => nextKlWeight(CONTROL, 0.1, 6, 50000)).toThrow("expected a horizon above 10000");
    expect(() => nextKlWeight(CONTROL, 0.1, Number.NaN, 10)).toThrow("got NaN");
  });
});
