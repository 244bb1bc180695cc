import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import {
  type ConfiguredPair,
  type ConfiguredRanked,
  OBJECTIVES,
  parseObjective,
} from "@preflab/dpo";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs, evaluateRanked, type PairColumns } from "../objectives/batches.ts";
import { columnsOf, randomRows } from "../objectives/cases.ts";

beforeAll(() => tf.setBackend("cpu"));

/** Numbers that differ by the rounding of float32 alone. */
const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };

const ROWS = randomRows(16, 7);
const COLUMNS = columnsOf(ROWS);

/** Rewards of both responses plus a number of the prompt, exact in float32: f(x) = 1, 2, ... */
const SHIFTED: PairColumns = {
  ...COLUMNS,
  policyChosenLogps: ROWS.map(({ pw }, i) => pw + i + 1),
  policyRejectedLogps: ROWS.map(({ pl }, i) => pl + i + 1),
};

/** Objectives that see nothing of rewards but their difference, unlikelihood with its default 1. */
const INVARIANT = [
  "sigmoid",
  "robust",
  "ipo",
  "hinge",
  "slic",
  "exo_pair",
  "discopop",
  "cpo",
  "aot",
  "unlikelihood",
];
/** Those that anchor each response by itself. */
const ANCHORED = ["nca_pair", "bco_pair", "sppo_hard", "apo_zero", "apo_down", "dpop"];
/** Those that divide by lengths, or compare with other prompts of the batch. */
const OTHERS = ["aot_unpaired", "sigmoid_norm", "simpo", "alphapo", "orpo", "kto", "plackett_luce"];

function pair(settings: Readonly<Record<string, unknown>>): ConfiguredPair {
  return parseObjective(settings) as ConfiguredPair;
}

describe("theory/invariance", () => {
  it("every objective is in one of the lists", () => {
    const names = OBJECTIVES.map(({ name }) => name);
    expect([...INVARIANT, ...ANCHORED, ...OTHERS].sort()).toEqual([...names].sort());
  });

  it("a reward of the prompt changes no loss and no gradient of a difference of rewards", () => {
    for (const name of INVARIANT) {
      const objective = pair(name === "ipo" ? { name, average: "sum" } : { name });
      const [before, after] = [COLUMNS, SHIFTED].map((x) => evaluatePairs(objective, x));
      expect(after?.losses, name).toEqual(before?.losses);
      expect(after?.gradChosen, name).toEqual(before?.gradChosen);
    }
  });

  it("then raising one log-probability is lowering the other", () => {
    for (const name of INVARIANT) {
      const objective = pair(name === "ipo" ? { name, average: "sum" } : { name });
      const { gradChosen, gradRejected } = evaluatePairs(objective, COLUMNS);
      expect(gradChosen, name).toBeAllClose(
        gradRejected.map((x) => -x),
        FLOAT32,
      );
    }
  });

  it("anchored objectives see it", () => {
    for (const name of ANCHORED) {
      const [before, after] = [COLUMNS, SHIFTED].map((x) => evaluatePairs(pair({ name }), x));
      expect(after?.losses, name).not.toEqual(before?.losses);
    }
  });

  it("Plackett-Luce of two responses is Bradley-Terry", () => {
    for (const beta of [1e-6, 0.1, 5]) {
      const ranked = parseObjective({ name: "plackett_luce", beta }) as ConfiguredRanked;
      const ours = evaluateRanked(ranked, {
        policyLogps: ROWS.flatMap(({ pw, pl }) => [pw, pl]),
        referenceLogps: ROWS.flatMap(({ rw, rl }) => [rw, rl]),
        shape: [ROWS.length, 2],
      });
      const dpo = evaluatePairs(pair({ name: "sigmoid", beta }), COLUMNS);
      expect(ours.losses).toBeAllClose(dpo.losses, FLOAT32);
      const gradients = ROWS.flatMap((_, i) => [dpo.gradChosen[i] ?? 0, dpo.gradRejected[i] ?? 0]);
      expect(ours.gradients).toBeAllClose(gradients, FLOAT32);
    }
  });

  it("Plackett-Luce does not see a reward of the prompt, and its gradients add up to 0", () => {
    const ranked = parseObjective({ name: "plackett_luce", beta: 0.5 }) as ConfiguredRanked;
    const policyLogps = [-3, -1, -4, -1.5, -9, -2, -6, -5];
    const evaluate = (shift: number) =>
      evaluateRanked(ranked, {
        policyLogps: policyLogps.map((x) => x + shift),
        referenceLogps: policyLogps.map((_, i) => -(i % 3)),
        shape: [2, 4],
      });
    expect(evaluate(8).losses).toBeAllClose(evaluate(0).losses, FLOAT32);
    const { gradients } = evaluate(0);
    for (const row of [gradients.slice(0, 4), gradients.slice(4)]) {
      expect(row.reduce((sum, x) => sum + x, 0)).toBeAllClose(0, FLOAT32);
    }
  });
});
