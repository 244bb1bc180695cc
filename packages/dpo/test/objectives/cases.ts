/** Every objective on pairs with settings that reach all of its branches, and rows to try them on. */
import { type ConfiguredPair, parseObjective } from "@preflab/dpo";
import { RandomStream } from "@preflab/lm";
import type { PairColumns } from "./batches.ts";
import type { Options, Row } from "./float64.ts";

const SCORES = [
  {},
  { divergence: "forward_kl" },
  { divergence: "js" },
  { divergence: "alpha", divergenceAlpha: 0.3 },
  { divergence: "alpha", divergenceAlpha: 1 },
  { referenceFree: true },
];
const RATIOS = [{}, { referenceFree: true }];
const SMOOTH = [{}, { labelSmoothing: 0.2 }];

/** Options beside beta, by objective. */
const SETTINGS: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  sigmoid: [...SCORES, { labelSmoothing: 0.1 }],
  robust: [...SCORES, { labelSmoothing: 0 }, { labelSmoothing: 0.3 }],
  ipo: [...SCORES, ...SCORES.map((options) => ({ average: "sum", ...options }))],
  hinge: SCORES,
  slic: [{}, { delta: 10, regularization: 0.5 }],
  exo_pair: [...SCORES, { labelSmoothing: 0.2 }],
  nca_pair: SCORES,
  bco_pair: SCORES,
  sppo_hard: SCORES,
  apo_zero: RATIOS,
  apo_down: RATIOS,
  discopop: [...SCORES, { tau: 0.5 }, { tau: 1 }, { tau: 3 }],
  sigmoid_norm: SCORES,
  unlikelihood: [{}, { alpha: 0 }, { alpha: 0.3 }],
  dpop: [{}, { lambda: 0 }, { lambda: 2 }],
  simpo: [{}, { gamma: 1.4 }],
  alphapo: [{}, { alpha: 0 }, { alpha: -0.5 }],
  orpo: [{}],
  cpo: [...SMOOTH, { lossType: "hinge" }, { lossType: "ipo" }],
  aot: [...RATIOS, { labelSmoothing: 0.2 }],
  aot_unpaired: [...RATIOS, { labelSmoothing: 0.2 }],
};

/** One objective with its settings. */
export interface Case {
  readonly title: string;
  readonly objective: ConfiguredPair;
  readonly options: Options;
}

/** All objectives on pairs with all settings above. */
export function casesOf(beta: number): Case[] {
  return Object.entries(SETTINGS).flatMap(([name, list]) =>
    list.map((settings) => {
      const raw = name === "unlikelihood" ? settings : { beta, ...settings };
      const objective = parseObjective({ name, ...raw }) as ConfiguredPair;
      const shown = Object.entries(raw).map(([key, value]) => `${key} ${value}`);
      // Every formula finds the options that it declares.
      const options = objective.options as unknown as Options;
      return { title: [name, ...shown].join(" "), objective, options };
    }),
  );
}

/**
 * Random rows whose numbers are multiples of 1/256, so that all differences between them are exact
 * in float32 and only the formulas themselves round.
 */
export function randomRows(count: number, seed: number): Row[] {
  const random = new RandomStream(seed, "objectives");
  const grid = (low: number, high: number) =>
    Math.round((low + (high - low) * random.uniform()) * 256) / 256;
  return Array.from({ length: count }, () => {
    const [rw, rl] = [grid(-60, -10), grid(-60, -10)];
    return {
      pw: rw + grid(-8, 8),
      pl: rl + grid(-8, 8),
      rw,
      rl,
      nw: 1 + Math.floor(40 * random.uniform()),
      nl: 1 + Math.floor(40 * random.uniform()),
    };
  });
}

/** Rows of short responses, whose log-probabilities are so small that a small step changes them. */
export function shortRows(count: number, seed: number): Row[] {
  const random = new RandomStream(seed, "objectives/short");
  const logp = () => -1 - 3 * random.uniform();
  return Array.from({ length: count }, () => ({
    pw: logp(),
    pl: logp(),
    rw: logp(),
    rl: logp(),
    nw: 2,
    nl: 3,
  }));
}

/** Columns of rows. */
export function columnsOf(rows: readonly Row[]): PairColumns {
  return {
    policyChosenLogps: rows.map(({ pw }) => pw),
    policyRejectedLogps: rows.map(({ pl }) => pl),
    referenceChosenLogps: rows.map(({ rw }) => rw),
    referenceRejectedLogps: rows.map(({ rl }) => rl),
    chosenLengths: rows.map(({ nw }) => nw),
    rejectedLengths: rows.map(({ nl }) => nl),
  };
}
