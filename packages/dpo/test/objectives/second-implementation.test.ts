import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { OBJECTIVES } from "@preflab/dpo";
import { numericGradient } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluatePairs, type PairNumbers } from "./batches.ts";
import { type Case, casesOf, columnsOf, randomRows, shortRows } from "./cases.ts";
import { FORMULAS, type Outcome, type Row, transport } from "./float64.ts";

/** Exact differences go in; what remains is the rounding of the formulas, and of their powers. */
const FLOAT32 = { rtol: 2e-5, atol: 2e-6 };
/** Central differences in float64 are good to the 2/3 of its digits, relative to the loss. */
const FLOAT64_SLOPE = { rtol: 1e-6, atol: 1e-7 };
/** A step of 0.01 leaves 1e-5 of the loss to rounding and 2e-5 of the third derivative, up to 20. */
const FLOAT32_SLOPE = { rtol: 1e-3, atol: 5e-4 };

const ROWS = randomRows(64, 1);

/** Certain orders, in which |h| is 1000 and more, and rows without any difference. */
const EXTREME: readonly Row[] = [
  { pw: -1, pl: -1001, rw: -1, rl: -1, nw: 10, nl: 10 },
  { pw: -1001, pl: -1, rw: -1, rl: -1, nw: 10, nl: 10 },
  { pw: -500, pl: -1000, rw: -1000, rl: -500, nw: 1, nl: 2000 },
  { pw: -1000, pl: -500, rw: -500, rl: -1000, nw: 2000, nl: 1 },
  { pw: -20, pl: -20, rw: -20, rl: -20, nw: 12, nl: 12 },
];

/** Loss and gradients of every row by the second implementation. */
function outcomes({ objective, options }: Case, rows: readonly Row[]): readonly Outcome[] {
  if (objective.batchLevel) {
    return transport(rows, options, objective.name === "aot").map(
      ({ loss, byChosen, byRejected }) => [loss, byChosen, byRejected],
    );
  }
  const formula = FORMULAS[objective.name];
  if (!formula) throw new Error(`second implementation: expected one of ${objective.name}.`);
  return rows.map((row) => formula(row, options));
}

function expectOutcomes(ours: PairNumbers, expected: readonly Outcome[], tolerance = FLOAT32) {
  expect(ours.losses).toBeAllClose(
    expected.map(([loss]) => loss),
    tolerance,
  );
  expect(ours.gradChosen).toBeAllClose(
    expected.map(([, byChosen]) => byChosen),
    tolerance,
  );
  expect(ours.gradRejected).toBeAllClose(
    expected.map(([, , byRejected]) => byRejected),
    tolerance,
  );
}

/** Whether powers of log-ratios saturate on extreme rows, which float64's do not. */
function saturates({ objective, options }: Case): boolean {
  const { divergence, divergenceAlpha, tau = 0 } = options;
  const isPower = divergence === "forward_kl" || (divergence === "alpha" && divergenceAlpha !== 1);
  return isPower || tau > 1 || objective.name === "alphapo";
}

describe("objectives/second-implementation", () => {
  it("covers every objective on pairs", () => {
    const pairs = OBJECTIVES.map((objective) => objective.configure({})).filter(
      ({ kind }) => kind === "pair",
    );
    const tried = new Set(casesOf(0.1).map(({ objective }) => objective.name));
    expect(pairs.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  for (const item of casesOf(0.7).filter(({ objective }) => !objective.batchLevel)) {
    it(`${item.title} has the slopes of its own losses in float64`, () => {
      const formula = FORMULAS[item.objective.name] as (typeof FORMULAS)[string];
      for (const row of ROWS.slice(0, 8)) {
        const [loss, ...slopes] = formula(row, item.options);
        const numeric = numericGradient(
          ([pw, pl]) => formula({ ...row, pw: pw as number, pl: pl as number }, item.options)[0],
          [row.pw, row.pl],
          { precision: "float64" },
        );
        const scale = Math.max(1, Math.abs(loss));
        expect(slopes.map((x) => x / scale)).toBeAllClose(
          numeric.map((x) => x / scale),
          FLOAT64_SLOPE,
        );
      }
    });
  }
});

describe.each(["cpu", "ort"])("objectives on %s", (backend) => {
  beforeAll(() => tf.setBackend(backend));

  for (const item of casesOf(0.1)) {
    it(`${item.title} agrees with the second implementation`, () => {
      expectOutcomes(evaluatePairs(item.objective, columnsOf(ROWS)), outcomes(item, ROWS));
    });

    it(`${item.title} is defined where |h| is 1000`, () => {
      const ours = evaluatePairs(item.objective, columnsOf(EXTREME));
      for (const values of Object.values(ours)) expect(values.some(Number.isNaN)).toBe(false);
      if (!saturates(item)) expectOutcomes(ours, outcomes(item, EXTREME));
    });
  }
});

describe("objectives on cpu", () => {
  beforeAll(() => tf.setBackend("cpu"));

  for (const beta of [1e-6, 5]) {
    for (const item of casesOf(beta)) {
      it(`${item.title} agrees with the second implementation`, () => {
        // Gradients are of the size of beta.
        const atol = Math.min(FLOAT32.atol, beta * 1e-6);
        const tolerance = beta < 1 ? { ...FLOAT32, atol } : FLOAT32;
        expectOutcomes(
          evaluatePairs(item.objective, columnsOf(ROWS)),
          outcomes(item, ROWS),
          tolerance,
        );
      });
    }
  }

  for (const item of casesOf(0.5)) {
    it(`${item.title} has the slopes of its own losses`, () => {
      const rows = shortRows(4, 2);
      const count = rows.length;
      const ours = evaluatePairs(item.objective, columnsOf(rows));
      const divisor = item.objective.batchLevel ? count : 1;
      const numeric = numericGradient(
        (x) => {
          const columns = columnsOf(rows);
          const { losses } = evaluatePairs(item.objective, {
            ...columns,
            policyChosenLogps: x.slice(0, count),
            policyRejectedLogps: x.slice(count),
          });
          return losses.reduce((sum, loss) => sum + loss, 0) / divisor;
        },
        [...rows.map(({ pw }) => pw), ...rows.map(({ pl }) => pl)],
      );
      const scale = Math.max(1, ...ours.losses.map(Math.abs));
      expect([...ours.gradChosen, ...ours.gradRejected].map((x) => x / scale)).toBeAllClose(
        numeric.map((x) => x / scale),
        FLOAT32_SLOPE,
      );
    });
  }
});
