import "@tensorflow/tfjs-backend-cpu";
import {
  type AnyObjective,
  type ConfiguredPair,
  choice,
  defaultsOf,
  number,
  OBJECTIVES,
  pairObjective,
  parseObjective,
  parseWeightedSum,
} from "@preflab/dpo";
import { ConfigError } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs } from "./batches.ts";
import { columnsOf, randomRows } from "./cases.ts";

beforeAll(() => tf.setBackend("cpu"));

/** A weighted sum of float32 losses rounds once more per term. */
const ROUNDING = { rtol: 1e-6, atol: 1e-6 };

const COLUMNS = columnsOf(randomRows(8, 5));

/** Defaults of the command-line contract. */
const SCORES = { divergence: "reverse_kl", divergenceAlpha: 0.5, referenceFree: false };
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  sigmoid: { beta: 0.1, labelSmoothing: 0, ...SCORES },
  robust: { beta: 0.1, labelSmoothing: 0.1, ...SCORES },
  ipo: { beta: 0.1, average: "token", ...SCORES },
  hinge: { beta: 0.1, ...SCORES },
  slic: { beta: 0.1, delta: 1, regularization: 0 },
  exo_pair: { beta: 0.1, labelSmoothing: 1e-3, ...SCORES },
  nca_pair: { beta: 0.1, ...SCORES },
  bco_pair: { beta: 0.1, ...SCORES },
  sppo_hard: { beta: 0.1, ...SCORES },
  aot: { beta: 0.1, labelSmoothing: 0, referenceFree: false },
  aot_unpaired: { beta: 0.1, labelSmoothing: 0, referenceFree: false },
  apo_zero: { beta: 0.1, referenceFree: false },
  apo_down: { beta: 0.1, referenceFree: false },
  discopop: { beta: 0.1, tau: 0.05, ...SCORES },
  sigmoid_norm: { beta: 0.1, ...SCORES },
  unlikelihood: { alpha: 1 },
  dpop: { beta: 0.1, lambda: 50 },
  simpo: { beta: 0.1, gamma: 0.5 },
  alphapo: { beta: 0.1, gamma: 0.5, alpha: 0.25 },
  orpo: { beta: 0.1 },
  cpo: { beta: 0.1, labelSmoothing: 0, lossType: "sigmoid" },
  kto: { beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
  plackett_luce: { beta: 0.1 },
};

describe("objectives/registry", () => {
  it("lists every objective once, with its paper, formula and defaults", () => {
    expect(OBJECTIVES.map(({ name }) => name).sort()).toEqual(Object.keys(DEFAULTS).sort());
    for (const { name, paper, equation, options } of OBJECTIVES) {
      expect(paper).toMatch(/ 20\d\d.*\(arXiv:\d{4}\.\d{5}\)/);
      expect(equation).not.toBe("");
      expect(defaultsOf(options), name).toEqual(DEFAULTS[name]);
      expect(parseObjective({ name }).options).toEqual(DEFAULTS[name]);
    }
  });

  it("says which objectives compare with a reference and which sort the batch", () => {
    const named = (test: (objective: ReturnType<AnyObjective["configure"]>) => boolean) =>
      OBJECTIVES.map((objective) => objective.configure({}))
        .filter(test)
        .map(({ name }) => name);
    expect(named(({ usesReference }) => !usesReference)).toEqual([
      "slic",
      "unlikelihood",
      "simpo",
      "alphapo",
      "orpo",
      "cpo",
    ]);
    expect(named(({ batchLevel }) => batchLevel)).toEqual(["aot", "aot_unpaired"]);
    expect(parseObjective({ name: "ipo", referenceFree: true }).usesReference).toBe(false);
  });

  it("takes other names of divergences and of ORPO's lambda", () => {
    const { options } = parseObjective({ name: "sigmoid", divergence: "js_divergence" });
    expect(options["divergence"]).toBe("js");
    expect(parseObjective({ name: "orpo", lambda: 0.2 }).options).toEqual({ beta: 0.2 });
    expect(() => parseObjective({ name: "orpo", lambda: 0.2, beta: 0.1 })).toThrow(
      "objective orpo: expected beta once, got it under two names.",
    );
  });

  it("refuses unknown names and options, and lists the valid ones", () => {
    expect(() => parseObjective({ name: "dpo" })).toThrow(
      /^objective: expected a name of sigmoid, robust, .*, plackett_luce, got "dpo"\.$/,
    );
    expect(() => parseObjective({ name: "simpo", gama: 1 })).toThrow(
      "objective simpo: expected the options beta, gamma, got gama.",
    );
    expect(() => parseObjective({ name: "unlikelihood", beta: 0.1 })).toThrow(
      "objective unlikelihood: expected the options alpha, got beta.",
    );
    for (const raw of [null, "sigmoid", ["sigmoid"], 3]) {
      expect(() => parseObjective(raw)).toThrow("objective: expected an object with a name");
    }
    // Names that every object has.
    expect(() => parseObjective({ name: "sigmoid", toString: 1 })).toThrow(ConfigError);
    expect(() => parseObjective({ name: "sigmoid", divergence: "constructor" })).toThrow(
      ConfigError,
    );
  });

  it("refuses values out of range, and says what is in it", () => {
    const refused: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
      [{ name: "sigmoid", beta: 0 }, "beta to be a number above 0, got 0"],
      [
        { name: "sigmoid", beta: Number.POSITIVE_INFINITY },
        "beta to be a number above 0, got null",
      ],
      [{ name: "sigmoid", beta: "0.1" }, 'beta to be a number above 0, got "0.1"'],
      [{ name: "sigmoid", labelSmoothing: 0.5 }, "labelSmoothing to be a number from 0 below 0.5"],
      [{ name: "exo_pair", labelSmoothing: 0 }, "labelSmoothing to be a number above 0 below 0.5"],
      [{ name: "robust", labelSmoothing: 0.5 }, "labelSmoothing to be a number from 0 below 0.5"],
      [{ name: "unlikelihood", alpha: 1.1 }, "alpha to be a number from 0 to 1, got 1.1"],
      [{ name: "discopop", tau: 0 }, "tau to be a number above 0, got 0"],
      [{ name: "ipo", average: "mean" }, 'average to be one of token, sum, got "mean"'],
      [
        { name: "sigmoid", divergence: "kl" },
        "divergence to be one of reverse_kl, forward_kl, js, alpha, js_divergence, alpha_divergence",
      ],
      [{ name: "sigmoid", referenceFree: "no" }, 'referenceFree to be true or false, got "no"'],
    ];
    for (const [raw, message] of refused) {
      expect(() => parseObjective(raw)).toThrow(`objective ${raw["name"]}: expected ${message}`);
    }
  });

  it("a new objective is one declaration, whose formula sees typed options", () => {
    const cauchy = pairObjective({
      name: "cauchy",
      paper: "none",
      equation: "log(1 + ((h - target) / scale)^2)",
      options: { scale: number(1, { above: 0 }), side: choice("right", ["right", "wrong"]) },
      losses: (logps, { scale, side }) => {
        const target: number = side === "right" ? 1 : -1;
        const h = tf.sub(logps.policyChosenLogps, logps.policyRejectedLogps);
        return tf.log1p(tf.square(tf.div(tf.sub(h, target), scale)));
      },
    });
    const objective = parseObjective({ name: "cauchy", scale: 2 }, [...OBJECTIVES, cauchy]);
    const { losses } = evaluatePairs(objective as ConfiguredPair, {
      ...COLUMNS,
      policyChosenLogps: COLUMNS.policyRejectedLogps,
    });
    for (const loss of losses) expect(loss).toBeAllClose(Math.log(1.25), ROUNDING);
  });
});

describe("objectives/weighted-sum", () => {
  it("is the sum of weighted losses and gradients, with the rewards of the first", () => {
    const sum = parseWeightedSum([
      { name: "sigmoid", beta: 0.2, weight: 0.8 },
      { name: "bco_pair" },
      { name: "simpo", beta: 2, weight: 3 },
    ]);
    const [first, second, third] = [
      { name: "sigmoid", beta: 0.2 },
      { name: "bco_pair" },
      { name: "simpo", beta: 2 },
    ].map((raw) => evaluatePairs(parseObjective(raw) as ConfiguredPair, COLUMNS));
    if (!first || !second || !third) throw new Error("expected three results");
    const ours = evaluatePairs(sum, COLUMNS);
    for (const key of ["losses", "gradChosen", "gradRejected"] as const) {
      const expected = first[key].map(
        (x, i) => 0.8 * x + (second[key][i] as number) + 3 * (third[key][i] as number),
      );
      expect(ours[key]).toBeAllClose(expected, ROUNDING);
    }
    expect(ours.chosenRewards).toEqual(first.chosenRewards);
    expect(ours.rejectedRewards).toEqual(first.rejectedRewards);
  });

  it("knows its name, its options, and what its terms need", () => {
    const sum = parseWeightedSum([{ name: "simpo" }, { name: "aot", weight: 0.5 }]);
    expect(sum).toMatchObject({
      kind: "pair",
      name: "simpo+aot",
      usesReference: true,
      batchLevel: true,
      options: {
        objectives: [
          { name: "simpo", weight: 1, beta: 0.1, gamma: 0.5 },
          { name: "aot", weight: 0.5, beta: 0.1 },
        ],
      },
    });
    expect(parseWeightedSum([{ name: "simpo" }, { name: "cpo" }]).usesReference).toBe(false);
  });

  it("refuses what cannot be summed", () => {
    expect(() => parseWeightedSum([])).toThrow("objectives: expected a list of objects");
    expect(() => parseWeightedSum({ name: "sigmoid" })).toThrow(
      "objectives: expected a list of objects",
    );
    expect(() => parseWeightedSum([null])).toThrow("objectives: expected objects with a name");
    expect(() => parseWeightedSum([{ name: "sigmoid", weight: 0 }])).toThrow(
      "objectives: expected weight to be a number above 0, got 0.",
    );
    expect(() => parseWeightedSum([{ name: "kto" }])).toThrow(
      "objectives: expected objectives on pairs, got kto, which takes unpaired responses.",
    );
  });
});
