import { describe, expect, test } from "vitest";
import { collapseSigns } from "../../src/health/collapse.ts";
import { HEALTH_DEFAULTS } from "../../src/health/settings.ts";
import { stepWith } from "./metrics.ts";

const FIRST = stepWith();
const signs = (changes: Readonly<Record<string, number>>, settings = {}) =>
  collapseSigns(stepWith(changes), FIRST, { ...HEALTH_DEFAULTS, ...settings });

/** What changes, the bound that it crosses, what the sentence names, and what is just not enough. */
const CASES = [
  ["entropy", 0.0123, 0.05, "entropyFloor", "entropy 0.0123 nats per token is below 0.05"],
  ["length/mean", 72.1, 72, "lengthFactor", "72.1 tokens on average are over 3 times as long"],
  ["length/mean", 7.9, 8, "lengthFactor", "7.9 tokens on average are over 3 times as short"],
  ["eos_rate", 0.08, 0.091, "eosFactor", "8% of completions end by themselves, 90% did"],
  ["kl/k1", 63.24, 50, "klLimit", "63.2 nats per completion is above 50"],
  ["kl/exact", 51, 50, "klLimit", "51 nats per completion is above 50"],
  ["ratio/max", 2e6, 1e4, "ratioLimit", "2000000 times as likely within one step, above 10000"],
] as const;

describe("health/collapse", () => {
  test("a healthy step shows no sign, whatever its explained variance", () => {
    expect(signs({})).toEqual([]);
  });

  test.each(CASES)("%s of %d is one sign, of %d none", (name, sick, healthy, bound, sentence) => {
    const [sign, ...others] = signs({ [name]: sick });
    expect(sign).toContain(sentence);
    expect(others).toEqual([]);
    expect(signs({ [name]: healthy })).toEqual([]);
    expect(signs({ [name]: sick }, { [bound]: null })).toEqual([]);
  });

  test.each(["score/mean", "score/std", "kl/k1", "entropy", "ratio/max"])(
    "%s that is not finite is one sign, whatever the bounds",
    (name) => {
      for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        const [sign] = signs({ [name]: value });
        expect(sign).toContain(`${name} ${value}: not a finite number`);
      }
      const free = { entropyFloor: null, lengthFactor: null, klLimit: null, ratioLimit: null };
      expect(signs({ [name]: Number.NaN }, free)).toHaveLength(1);
    },
  );

  test("several signs are several sentences, each with advice", () => {
    const all = signs({ entropy: 0.001, "kl/k1": 90, "length/mean": 1 });
    expect(all).toHaveLength(3);
    for (const sentence of all) expect(sentence).toMatch(/(kl\.initial|optimizer\.lr)[^.]*\.$/);
  });

  test("the exact divergence counts where it is known", () => {
    expect(signs({ "kl/k1": 80, "kl/exact": 30 })).toEqual([]);
  });

  test("completions that hardly ever ended by themselves may go on so", () => {
    const first = stepWith({ eos_rate: 0.05 });
    expect(collapseSigns(stepWith({ eos_rate: 0 }), first, HEALTH_DEFAULTS)).toEqual([]);
  });

  test("metrics that a method lacks, or a first step of empty completions, are no sign", () => {
    expect(collapseSigns({ step: 4, loss: 1 }, {}, HEALTH_DEFAULTS)).toEqual([]);
    expect(collapseSigns(stepWith(), { "length/mean": 0 }, HEALTH_DEFAULTS)).toEqual([]);
  });
});
