/** The golden training runs of ../fixtures/reward-run. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TokenizedPair } from "@preflab/data";
import { Fixture, type GoldenTensor } from "@preflab/testing";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const FIXTURE = new Fixture(path("../fixtures/reward-run"));
const BACKBONE = path("../../../lm/test/fixtures/models/gpt2-tied");
const PAIRS = path("../../../dpo/test/fixtures/dpo-run/pairs.json");

/** Tolerances of the fixture's README. */
export const TOLERANCES = {
  initialScores: { atol: 1e-4, rtol: 0 },
  loss: { atol: 3e-4, rtol: 3e-4 },
  margin: { atol: 2e-3, rtol: 0 },
  gradNorm: { atol: 0, rtol: 3e-3 },
  finalMargins: { atol: 5e-3, rtol: 0 },
  finalScores: { atol: 5e-3, rtol: 0 },
  weights: { atol: 5e-4, rtol: 0 },
};

/** Names of the golden runs. */
export const RUNS = ["plain", "margin-center"] as const;

/** A golden run. */
export interface GoldenRun {
  readonly steps: readonly Readonly<Record<string, number>>[];
  readonly final_scores: readonly (readonly [number, number])[];
}

/** Numbers of a run. */
export function goldenRun(name: (typeof RUNS)[number]): GoldenRun {
  return FIXTURE.json(`run.${name}.json`);
}

/** Margins and initial scores of the pairs. */
export const START: {
  readonly margins: readonly number[];
  readonly initial_scores: readonly (readonly [number, number])[];
} = FIXTURE.json("index.json");

/** Weights after a run, by their names in a checkpoint. */
export function finalWeights(name: (typeof RUNS)[number]): Map<string, GoldenTensor> {
  return FIXTURE.tensors(`final.${name}.safetensors`);
}

/** The pairs of the runs. */
export function goldenPairs(): TokenizedPair[] {
  const { pairs } = JSON.parse(readFileSync(PAIRS, "utf8")) as {
    pairs: { prompt_ids: number[]; chosen_ids: number[]; rejected_ids: number[] }[];
  };
  return pairs.map(({ prompt_ids, chosen_ids, rejected_ids }, row) => ({
    promptIds: prompt_ids,
    chosenIds: chosen_ids,
    rejectedIds: rejected_ids,
    meta: { row, margin: START.margins[row] as number },
  }));
}

/** Calls `use` with a folder of the starting model, as transformers would have saved it. */
export async function withStart<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "preflab-reward-"));
  try {
    const config = JSON.parse(readFileSync(join(BACKBONE, "config.json"), "utf8")) as object;
    const classifier = {
      architectures: ["GPT2ForSequenceClassification"],
      id2label: { 0: "LABEL_0" },
      label2id: { LABEL_0: 0 },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...classifier }));
    copyFileSync(`${FIXTURE.directory}/init.safetensors`, join(folder, "model.safetensors"));
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
