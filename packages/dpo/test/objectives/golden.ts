/** The golden numbers of ../fixtures/objectives as typed objects, and our objective for each entry. */
import { fileURLToPath } from "node:url";
import { type AnyConfigured, parseObjective } from "@preflab/dpo";
import { Fixture, type Tolerance } from "@preflab/testing";

/** One entry: numbers of one objective with its settings, in TRL's names. */
export interface GoldenEntry {
  readonly name: string;
  readonly source: "trl" | "formula";
  readonly settings: Readonly<Record<string, unknown>>;
  /** How many numbers are not finite, as TRL gives them. */
  readonly nonfinite: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

interface GoldenIndex {
  readonly tolerance: { readonly loss: Tolerance; readonly grad: Tolerance };
  readonly entries: readonly GoldenEntry[];
}

const fixture = new Fixture(fileURLToPath(new URL("../fixtures/objectives", import.meta.url)));

/** The index file. */
export const golden: GoldenIndex = fixture.json<GoldenIndex>("index.json");

const tensors = fixture.tensors("objectives.safetensors");

/** Elements of a tensor of the fixture. */
export function goldenValues(name: string): Float32Array {
  return Float32Array.from(goldenTensor(name).values);
}

/** Shape of a tensor of the fixture. */
export function goldenShape(name: string): number[] {
  return [...goldenTensor(name).shape];
}

/** Entries whose names begin with one of `prefixes`. */
export function entriesOf(...prefixes: readonly string[]): readonly GoldenEntry[] {
  return golden.entries.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/** Entries that are about neither pairs of log-probabilities. */
const OTHER = ["aot", "kto", "plackett_luce", "reward_", "logits.", "orpo_or_term"];

/** Entries with one loss per pair. */
export const PAIR_ENTRIES: readonly GoldenEntry[] = golden.entries.filter(
  ({ name }) => !OTHER.some((prefix) => name.startsWith(prefix)),
);

/** TRL's names of options, and ours. */
const OPTIONS: Readonly<Record<string, string>> = {
  beta: "beta",
  label_smoothing: "labelSmoothing",
  f_divergence_type: "divergence",
  f_alpha_divergence_coef: "divergenceAlpha",
  discopop_tau: "tau",
  alpha: "alpha",
  delta: "delta",
  reg: "regularization",
  gamma: "gamma",
  simpo_gamma: "gamma",
  desirable_weight: "desirableWeight",
  undesirable_weight: "undesirableWeight",
};

/** Entries that are another objective than their settings' loss type says. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  cdpo: { name: "sigmoid" },
  reference_free: { name: "sigmoid", referenceFree: true },
  ipo_sum: { name: "ipo", average: "sum" },
  trl_simpo: { name: "simpo" },
  trl_alphapo: { name: "alphapo" },
  cpo_sigmoid: { name: "cpo" },
  cpo_hinge: { name: "cpo", lossType: "hinge" },
  cpo_ipo: { name: "cpo", lossType: "ipo" },
  orpo_or_term: { name: "orpo" },
  plackett_luce3: { name: "plackett_luce" },
  plackett_luce4: { name: "plackett_luce" },
};

/** Our objective for an entry. */
export function objectiveOf({ name, settings }: GoldenEntry): AnyConfigured {
  const stem = name.split(".")[0] as string;
  const options = Object.entries(settings).flatMap(([key, value]) => {
    const ours = OPTIONS[key];
    return ours === undefined ? [] : [[ours, value]];
  });
  return parseObjective({ name: stem, ...RENAMED[stem], ...Object.fromEntries(options) });
}

function goldenTensor(name: string): { shape: readonly number[]; values: ArrayLike<number> } {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`golden objectives: expected tensor ${name}, got none.`);
  return tensor;
}
