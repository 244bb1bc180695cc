import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import {
  type ConfiguredPair,
  type ConfiguredRanked,
  type ConfiguredUnpaired,
  parseObjective,
} from "@preflab/dpo";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs, evaluateRanked, evaluateUnpaired } from "./batches.ts";
import { casesOf, columnsOf, randomRows, shortRows } from "./cases.ts";
import { kahnemanTversky, plackettLuce, type Row } from "./float64.ts";

/** Exact differences go in; what remains is the rounding of the formulas. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };
/** No absolute part: also numbers far below 1 keep their digits. */
const RELATIVE = { rtol: 1e-5, atol: 1e-37 };

const INFINITE = Number.NEGATIVE_INFINITY;
const ROW: Row = { pw: -10, pl: -11, rw: -9, rl: -8, nw: 4, nl: 5 };
/** A response that one of the models cannot give, in one place at a time. */
const IMPOSSIBLE: readonly Row[] = [
  { ...ROW, pw: INFINITE },
  { ...ROW, pl: INFINITE },
  { ...ROW, rw: INFINITE },
  { ...ROW, rl: INFINITE },
];

function pair(settings: Readonly<Record<string, unknown>>): ConfiguredPair {
  return parseObjective(settings) as ConfiguredPair;
}

describe.each(["cpu", "ort"])("objectives/limits on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  for (const { title, objective } of casesOf(0.1)) {
    it(`${title} has a value and a gradient where one log-probability is -Infinity`, () => {
      for (const row of IMPOSSIBLE) {
        const numbers = evaluatePairs(objective, columnsOf([row]));
        for (const values of Object.values(numbers)) {
          expect(values.some(Number.isNaN), JSON.stringify(row)).toBe(false);
        }
      }
    });
  }

  it("an impossible chosen response has infinite loss and DPO's largest gradient", () => {
    const numbers = evaluatePairs(pair({ name: "sigmoid" }), columnsOf(IMPOSSIBLE));
    expect([...numbers.losses]).toEqual([Number.POSITIVE_INFINITY, 0, 0, Number.POSITIVE_INFINITY]);
    expect(numbers.gradChosen).toBeAllClose([-0.1, 0, 0, -0.1], FLOAT32);
    expect(numbers.gradRejected).toBeAllClose([0.1, 0, 0, 0.1], FLOAT32);
  });

  it("a ratio of two impossible responses is not a number, which a trainer's guard will see", () => {
    const both = { ...ROW, pw: INFINITE, rw: INFINITE };
    expect(evaluatePairs(pair({ name: "sigmoid" }), columnsOf([both])).losses[0]).toBeNaN();
  });

  it("a right and certain order keeps the digits of its small loss and gradient", () => {
    // h = 400: exp(-40) at beta 0.1
    const row = { pw: -1, pl: -401, rw: -1, rl: -1, nw: 1, nl: 1 };
    const small = Math.exp(-40);
    for (const name of ["sigmoid", "cpo"]) {
      const numbers = evaluatePairs(pair({ name }), columnsOf([row]));
      expect(numbers.losses).toBeAllClose(small, RELATIVE);
      expect(numbers.gradChosen).toBeAllClose(-0.1 * small, RELATIVE);
      expect(numbers.gradRejected).toBeAllClose(0.1 * small, RELATIVE);
    }
    const apo = evaluatePairs(
      pair({ name: "apo_zero" }),
      columnsOf([{ ...row, pw: -1, rw: -401 }]),
    );
    expect(apo.losses).toBeAllClose(2 * small, RELATIVE);
    expect(apo.gradChosen).toBeAllClose(-0.1 * small, RELATIVE);
    expect(apo.gradRejected).toBeAllClose(0.1 * small, RELATIVE);
  });

  it("an equal pair is worth log 2 with half of beta as gradient, for every beta", () => {
    const equal = columnsOf([{ pw: -20, pl: -20, rw: -20, rl: -20, nw: 12, nl: 12 }]);
    for (const beta of [1e-6, 0.1, 1, 5]) {
      const { losses, gradChosen, gradRejected } = evaluatePairs(
        pair({ name: "sigmoid", beta }),
        equal,
      );
      expect(losses).toBeAllClose(Math.LN2, RELATIVE);
      expect(gradChosen).toBeAllClose(-beta / 2, RELATIVE);
      expect(gradRejected).toBeAllClose(beta / 2, RELATIVE);
    }
  });

  it("a label that is wrong half of the time would teach nothing", () => {
    const rows = randomRows(8, 3);
    const { gradChosen } = evaluatePairs(
      pair({ name: "sigmoid", beta: 1e-4, labelSmoothing: 0.5 - 2 ** -20 }),
      columnsOf(rows),
    );
    expect(gradChosen).toBeAllClose(
      rows.map(() => 0),
      { rtol: 0, atol: 1e-7 },
    );
  });

  it("orpo of a response that is certain is finite, where the odds are not", () => {
    const certain = { ...ROW, pw: 0, pl: -5 };
    const chosen = evaluatePairs(pair({ name: "orpo" }), columnsOf([certain]));
    expect(chosen.losses).toBeAllClose(0, { rtol: 0, atol: 1e-7 });
    // In the limit: -(1 + beta odds(rejected)) / 4
    const odds = Math.exp(-1) / (1 - Math.exp(-1));
    expect(chosen.gradChosen).toBeAllClose(-(1 + 0.1 * odds) / 4, FLOAT32);
    const rejected = evaluatePairs(pair({ name: "orpo" }), columnsOf([{ ...ROW, pl: 0 }]));
    for (const values of Object.values(rejected)) expect(values.every(Number.isFinite)).toBe(true);
    const both = evaluatePairs(pair({ name: "orpo" }), columnsOf([{ ...ROW, pw: 0, pl: 0 }]));
    for (const values of Object.values(both)) expect(values.every(Number.isFinite)).toBe(true);
  });

  it("the powers of a divergence saturate with a gradient in the right direction", () => {
    const worse = { ...ROW, pw: -1000, rw: 0 };
    for (const divergence of ["forward_kl", "alpha"]) {
      const numbers = evaluatePairs(
        pair({ name: "sigmoid", beta: 5, divergence, divergenceAlpha: 0 }),
        columnsOf([worse]),
      );
      expect(numbers.losses[0]).toBeGreaterThan(1e35);
      expect(numbers.gradChosen[0]).toBeLessThan(-1e35);
      for (const values of Object.values(numbers)) expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it("sides of an alpha divergence of order 0 and 1 are the forward and the reverse KL", () => {
    const columns = columnsOf(shortRows(8, 4));
    const lossesOf = (divergence: string, divergenceAlpha = 0.5) =>
      evaluatePairs(pair({ name: "ipo", divergence, divergenceAlpha }), columns).losses;
    expect(lossesOf("alpha", 0)).toBeAllClose(lossesOf("forward_kl"), FLOAT32);
    expect(lossesOf("alpha", 1)).toBeAllClose(lossesOf("reverse_kl"), FLOAT32);
  });

  it("kto agrees with its second implementation, also where responses are certain", () => {
    const logRatios = [0, 3, -3, 0.25, 1000, -1000, INFINITE, 40];
    for (const desirable of [true, false]) {
      for (const kl of [-1, 0, 1.5]) {
        const objective = parseObjective({
          name: "kto",
          beta: 0.5,
          desirableWeight: 1.5,
          undesirableWeight: 0.7,
        }) as ConfiguredUnpaired;
        const ours = evaluateUnpaired(objective, {
          policyLogps: logRatios,
          referenceLogps: logRatios.map(() => 0),
          labels: logRatios.map(() => desirable),
          kl,
        });
        const weight = desirable ? 1.5 : 0.7;
        const expected = logRatios.map((x) =>
          kahnemanTversky(x, desirable, kl, { beta: 0.5, weight }),
        );
        expect(ours.losses).toBeAllClose(
          expected.map(([loss]) => loss),
          FLOAT32,
        );
        expect(ours.gradients).toBeAllClose(
          expected.map(([, slope]) => slope),
          FLOAT32,
        );
      }
    }
  });

  it("plackett_luce agrees with its second implementation, also where the ranking is certain", () => {
    const rows = [
      [0, 0, 0, 0],
      [3, 1, -1, 2],
      [1000, 0, -1000, -2000],
      [-2000, -1000, 0, 1000],
      [0, INFINITE, 1, 2],
    ];
    const objective = parseObjective({ name: "plackett_luce", beta: 0.5 }) as ConfiguredRanked;
    const ours = evaluateRanked(objective, {
      policyLogps: rows.flat(),
      referenceLogps: rows.flat().map(() => 0),
      shape: [rows.length, 4],
    });
    const expected = rows.map((row) => plackettLuce(row, 0.5));
    expect(ours.losses).toBeAllClose(
      expected.map(([loss]) => loss),
      FLOAT32,
    );
    expect(ours.gradients).toBeAllClose(
      expected.flatMap(([, gradient]) => gradient),
      FLOAT32,
    );
  });
});
