/** The golden training runs of ../fixtures/dpo-run. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TokenizedPair } from "@preflab/data";
import { Fixture, type GoldenTensor } from "@preflab/testing";

/** Folder of the model that the runs start from. */
export const START: string = fileURLToPath(
  new URL("../../../lm/test/fixtures/models/gpt2-tied", import.meta.url),
);

const FIXTURE = new Fixture(fileURLToPath(new URL("../fixtures/dpo-run", import.meta.url)));

/** Tolerances of the fixture's README. */
export const TOLERANCES = {
  loss: { atol: 2e-4, rtol: 2e-4 },
  ipoLoss: { atol: 3e-3, rtol: 3e-4 },
  gradNorm: { atol: 0, rtol: 2e-3 },
  rewards: { atol: 5e-4, rtol: 0 },
  logps: { atol: 5e-3, rtol: 0 },
  weights: { atol: 5e-4, rtol: 0 },
};

/** What a step of a golden run measured. */
export type GoldenStep = Readonly<Record<string, number>>;

/** A golden run. */
export interface GoldenRun {
  readonly steps: readonly GoldenStep[];
  readonly final_policy_logps: readonly (readonly [number, number])[];
  readonly grad_accumulation_2x4?: { readonly steps: readonly GoldenStep[] };
}

/** The settings of the runs, in ours. */
export const RUNS = {
  "sigmoid-adamw": {
    objective: { name: "sigmoid", beta: 0.1 },
    optimizer: { name: "adamw", lr: 1e-3, maxGradNorm: 1 },
  },
  "ipo-adamw": {
    objective: { name: "ipo", beta: 0.1 },
    optimizer: { name: "adamw", lr: 1e-3, maxGradNorm: 1 },
  },
  "sigmoid-rmsprop": {
    objective: { name: "sigmoid", beta: 0.1 },
    optimizer: { name: "rmsprop", lr: 1e-4, warmupSteps: 8, maxGradNorm: 10 },
  },
} as const;

/** Name of a golden run. */
export type RunName = keyof typeof RUNS;

/** Numbers of a run. */
export function goldenRun(name: RunName): GoldenRun {
  return FIXTURE.json(`run.${name}.json`);
}

/** Weights after a run, by their names in a checkpoint. */
export function finalWeights(name: RunName): Map<string, GoldenTensor> {
  return FIXTURE.tensors(`final.${name}.safetensors`);
}

/** Log-probabilities of the starting model, `[chosen, rejected]` per pair. */
export function goldenReference(): readonly (readonly [number, number])[] {
  return FIXTURE.json<{ reference_logps: [number, number][] }>("index.json").reference_logps;
}

/** The pairs of the runs. */
export function goldenPairs(): TokenizedPair[] {
  const path = `${FIXTURE.directory}/pairs.json`;
  const { pairs } = JSON.parse(readFileSync(path, "utf8")) as {
    pairs: { prompt_ids: number[]; chosen_ids: number[]; rejected_ids: number[] }[];
  };
  return pairs.map(({ prompt_ids, chosen_ids, rejected_ids }) => ({
    promptIds: prompt_ids,
    chosenIds: chosen_ids,
    rejectedIds: rejected_ids,
  }));
}
