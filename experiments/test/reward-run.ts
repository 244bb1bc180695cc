/** The golden runs of a reward model of @preflab/rlhf: where they start, and where they lead. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fixture, type GoldenTensor } from "@preflab/testing";
import { modelPath, temporaryFolder } from "./fixtures.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const FIXTURE = new Fixture(path("../../packages/rlhf/test/fixtures/reward-run"));
const PAIRS = path("../../packages/dpo/test/fixtures/dpo-run/pairs.json");

/** Chosen and rejected. */
export type PairScores = readonly (readonly [number, number])[];

/** Scores of the pairs before training. */
export const INITIAL_SCORES: PairScores = FIXTURE.json<{ initial_scores: PairScores }>(
  "index.json",
).initial_scores;

/** A row of a data file. */
export interface GoldenRow {
  readonly promptIds: number[];
  readonly chosenIds: number[];
  readonly rejectedIds: number[];
  readonly margin: number;
}

/** The pairs with their margins. */
export function goldenRows(): GoldenRow[] {
  const { margins } = FIXTURE.json<{ margins: number[] }>("index.json");
  const { pairs } = JSON.parse(readFileSync(PAIRS, "utf8")) as {
    pairs: { prompt_ids: number[]; chosen_ids: number[]; rejected_ids: number[] }[];
  };
  return pairs.map(({ prompt_ids, chosen_ids, rejected_ids }, i) => ({
    ...{ promptIds: prompt_ids, chosenIds: chosen_ids, rejectedIds: rejected_ids },
    margin: margins[i] as number,
  }));
}

/** Folder of the model that the runs start from, as transformers saves it, for the running test. */
export function startFolder(): string {
  const folder = temporaryFolder();
  const backbone = readFileSync(join(modelPath("gpt2-tied"), "config.json"), "utf8");
  const classifier = {
    architectures: ["GPT2ForSequenceClassification"],
    id2label: { 0: "LABEL_0" },
    label2id: { LABEL_0: 0 },
  };
  const config = { ...(JSON.parse(backbone) as object), ...classifier };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  copyFileSync(join(FIXTURE.directory, "init.safetensors"), join(folder, "model.safetensors"));
  return folder;
}

/** Numbers of a golden run. */
export interface GoldenRun {
  readonly steps: readonly Readonly<Record<string, number>>[];
  readonly final_scores: PairScores;
}

/** A golden run, and the weights at its end by their names in a checkpoint. */
export function goldenRun(name: string): GoldenRun & {
  readonly weights: ReadonlyMap<string, GoldenTensor>;
} {
  return {
    ...FIXTURE.json<GoldenRun>(`run.${name}.json`),
    weights: FIXTURE.tensors(`final.${name}.safetensors`),
  };
}
