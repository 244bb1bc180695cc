/** Reward models of ours in Python's transformers, and classifiers of transformers here. */
import "@tensorflow/tfjs-backend-cpu";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, type ModelConfig, type Params } from "@preflab/lm";
import { describeUnless } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRewardModel, saveRewardModel } from "../../src/io/reward-folder.ts";
import { rewardScores, withScoreHead } from "../../src/reward/reward-model.ts";
import { scorer } from "../../src/reward/scorer.ts";

const python = process.env["PREFLAB_PYTHON"];
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const MODELS = path("../../../lm/test/fixtures/models/");
const FAMILIES = [
  "gpt2-tied",
  "gpt_neox-pythia",
  "llama-gqa",
  "mistral-window",
  "qwen2-sharded",
  "stablelm",
];
/** Loading torch and transformers on a busy machine. */
const PYTHON_TIMEOUT_MS = 300_000;
/** Float32 through a few layers. */
const SCORES = { atol: 2e-4, rtol: 2e-4 };
/** No text has it. */
const PAD = 0;
const TEXTS = [[5, 6, 7, 8, 9, 10, 11], [5, 6, 3], [4], [9, 9, 2, 1]];

interface Result {
  readonly class: string;
  readonly problems: Readonly<Record<string, unknown>>;
  readonly scores: readonly (readonly number[])[];
}

const results = new Map<string, Result>();
const ours = new Map<string, Float64Array>();
let root: string;

async function scoresOf(config: ModelConfig, params: Params): Promise<Float64Array> {
  const model = scorer((ids, mask) => rewardScores(config, params, ids, mask), {
    batchSize: 4,
    maxLength: 16,
  });
  const scores = await model.score(TEXTS);
  model.dispose();
  return scores;
}

const missing =
  python === undefined
    ? "set PREFLAB_PYTHON to a Python with torch and transformers"
    : spawnSync(python, ["-c", "import torch, transformers"]).status === 0
      ? undefined
      : "$PREFLAB_PYTHON has no torch or transformers";

describeUnless(missing, "reward models in Python's transformers", () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "preflab-classifiers-"));
    await tf.setBackend("cpu");
    const jobs: { name: string; job: object }[] = [];
    for (const name of FAMILIES) {
      const { config, params } = await loadModel(join(MODELS, name));
      const padded = { ...config, specialIds: { ...config.specialIds, pad: PAD } };
      const made = withScoreHead(padded, params, { seed: 1, deviation: 0.5 });
      const folder = join(root, name);
      await saveRewardModel(folder, { ...made, normalization: { gain: 1, bias: 0 } });
      ours.set(name, await scoresOf(made.config, made.params));
      tf.dispose([{ ...params }, { ...made.params }]);
      const common = { folder, texts: TEXTS, pad: PAD };
      jobs.push({ name, job: common });
      for (const labels of [1, 3]) {
        const save = join(root, `${name}-theirs-${labels}`);
        jobs.push({ name: `${name}, theirs, ${labels}`, job: { ...common, save, labels } });
      }
    }
    const [given, written] = [join(root, "jobs.json"), join(root, "results.json")];
    writeFileSync(given, JSON.stringify(jobs.map(({ job }) => job)));
    const script = path("./python_classifiers.py");
    const run = spawnSync(python ?? "", [script, given, written], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
    const all = JSON.parse(readFileSync(written, "utf8")) as Result[];
    for (const [i, { name }] of jobs.entries()) results.set(name, all[i] as Result);
  }, PYTHON_TIMEOUT_MS);
  afterAll(() => rmSync(root, { recursive: true }));

  test.each(FAMILIES)("%s of ours gives the same scores there", (name) => {
    const result = results.get(name) as Result;
    expect(result.class).toMatch(/ForSequenceClassification$/);
    expect(result.problems).toEqual({});
    expect(result.scores.flat()).toBeAllClose(ours.get(name) ?? [], SCORES);
  });

  test.each(FAMILIES)("%s of theirs gives the same scores here", async (name) => {
    const { config, params } = await loadRewardModel(join(root, `${name}-theirs-1`));
    const theirs = results.get(`${name}, theirs, 1`) as Result;
    expect(await scoresOf(config, params)).toBeAllClose(theirs.scores.flat(), SCORES);
    tf.dispose({ ...params });
  });

  test.each(FAMILIES)("%s of theirs with three labels is loaded as such", async (name) => {
    const { config, params } = await loadModel(join(root, `${name}-theirs-3`));
    expect(config.labels).toBe(3);
    expect(params["score.weight"]?.shape).toEqual([config.width, 3]);
    tf.dispose({ ...params });
  });
});
