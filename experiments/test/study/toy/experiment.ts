/**
 * An experiment that computes next to nothing, to test the engine with: stages add up numbers step
 * by step, save every step, and can be made to fail by files in the data folder.
 */

import { existsSync, mkdirSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeTextAtomically } from "@preflab/lm";
import { CommandError } from "../../../src/errors.ts";
import type { Experiment, Plan, Stage, StageContext } from "../../../src/study/experiment.ts";
import type { RunResult, StudyResults } from "../../../src/study/results.ts";
import { writeResults } from "../../../src/study/results-file.ts";

/** A file in the data folder of this name and a stage's id makes that stage fail. */
export const FAILS = "fails-";
/** A stage of this name in the data folder finds the disk full. */
export const FULL = "full-";

/** Steps of a stage, and the pause after each, ms. */
const PRESETS = {
  short: { steps: 3, pause: 1 },
  long: { steps: 30, pause: 20 },
  endless: { steps: 1_000_000, pause: 25 },
} as const;

/** State after some steps. */
interface Partial {
  readonly step: number;
  readonly sum: number;
}

/** `--experiment toy`: a base, runs that need it, and one that needs the first run. */
export const TOY: Experiment = {
  name: "toy",
  defaultPreset: "short",
  // Not that of the sources, which may change while tests run.
  code: async () => "toy",
  presets: {
    short: { summary: "3 steps", needsData: false },
    long: { summary: "half a second a stage", needsData: false },
    endless: { summary: "until it is interrupted", needsData: false },
    fed: { summary: "from a file", needsData: true },
  },
  plan: async (preset, { seeds, data }): Promise<Plan> => {
    const { steps, pause } = preset === "fed" ? PRESETS.short : PRESETS[preset as "short"];
    const names = Array.from({ length: seeds ?? 2 }, (_, seed) => `run/seed${seed}`);
    const stage = (id: string, inputs: readonly string[], start: number): Stage => ({
      id,
      title: `stage ${id}`,
      config: { start, steps },
      inputs,
      build: (context) => build({ id, start, steps, pause, inputs, data }, context),
    });
    return {
      stages: [
        stage("base", [], 1),
        ...names.map((id, seed) => stage(id, ["base"], seed + 2)),
        stage("last", ["run/seed0"], 100),
      ],
      runs: names,
      collect: async (folder, folderOf) => {
        const runs = await Promise.all(names.map((id, seed) => resultOf(id, seed, folderOf(id))));
        await writeResults(join(folder, "results.json"), toyResults(preset, runs));
      },
    };
  },
};

/** The sum is the reward. */
async function resultOf(id: string, seed: number, folder: string): Promise<RunResult> {
  const gold = await sumIn(folder);
  return {
    ...{ id, method: "sum", label: "a sum", group: "sums", knobs: {}, seed, status: "ok" },
    evaluations: [
      {
        ...{ step: 1, examples: 1, gold, gold_error: 1, kl: 0, kl_error: 0, kl_k1: 0, kl_k3: 0 },
        ...{ length: 1, eos_rate: 1, distinct_2: 0 },
      },
    ],
    costs: {
      ...{ gold_queries: 0, gold_labels: 0, reward_queries: 0 },
      ...{ train_tokens: 0, sampled_tokens: 0, flops: 0 },
    },
    samples: [],
  };
}

function toyResults(preset: string, runs: readonly RunResult[]): StudyResults {
  return {
    ...{ version: 1, experiment: "toy", preset, seeds: runs.map(({ seed }) => seed) },
    labels: {
      ...{ title: "Sums", about: "Sums.", reward: "sum", proxy: "none", reference: "none" },
      ...{ subject: "sums", rivals: [], claim: "none", groups: [] },
    },
    ...{ task: {}, config: {}, code: "toy", deviations: [], limit: [], runs, best_of_n: [] },
    statements: [],
  };
}

interface Work {
  readonly id: string;
  readonly start: number;
  readonly steps: number;
  readonly pause: number;
  readonly inputs: readonly string[];
  readonly data: string | null;
}

async function build(
  { id, start, steps, pause, inputs, data }: Work,
  { folder, input, progress, say, signal }: StageContext,
): Promise<void> {
  const marker = (kind: string) =>
    data !== null && existsSync(join(data, kind + id.replace("/", "_")));
  if (marker(FAILS)) throw new CommandError(`${id} fails, as it was told to`);
  const partial = join(folder, "partial");
  mkdirSync(partial, { recursive: true });
  const state = join(partial, "state.json");
  let { step, sum } = existsSync(state)
    ? (JSON.parse(await readFile(state, "utf8")) as Partial)
    : { step: 0, sum: start };
  if (step > 0) say(`goes on after step ${step}`);
  for (const id of inputs) if (step === 0) sum += await sumIn(input(id));
  while (step < steps) {
    signal.throwIfAborted();
    // Depends on the order of all steps: a step too many or too few shows.
    sum = (sum * 31 + ++step) % 1_000_003;
    await writeTextAtomically(state, JSON.stringify({ step, sum }));
    progress({ done: step, total: steps, note: `sum ${sum}` });
    await delay(pause);
  }
  if (marker(FULL)) await (await open("/dev/full", "w")).write("more than fits");
  await writeTextAtomically(join(folder, "sum.json"), JSON.stringify({ sum }));
}

async function sumIn(folder: string): Promise<number> {
  return (JSON.parse(await readFile(join(folder, "sum.json"), "utf8")) as { sum: number }).sum;
}
