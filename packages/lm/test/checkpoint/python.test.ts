/** What we save, loaded by Python transformers: the same weights and the same logits. */
import "@tensorflow/tfjs-backend-cpu";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadedModel, loadModel, saveModel } from "@preflab/lm";
import { describeUnless } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FloatDtype } from "../../src/checkpoint/dtype.ts";
import { logits } from "../../src/heads.ts";
import { hiddenStates } from "../../src/transformer.ts";
import { GOLDEN_MODELS, GoldenModel, LOGITS } from "../model/golden.ts";
import { ggufPath } from "./gguf/fixtures.ts";

const python = process.env["PREFLAB_PYTHON"];
const SCRIPT = fileURLToPath(new URL("./python_load.py", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
/** Loading torch, transformers and some forty models on a busy machine. */
const PYTHON_TIMEOUT_MS = 300_000;

interface Result {
  readonly class: string;
  readonly dtype: string;
  readonly problems: Readonly<Record<string, unknown>>;
  readonly sha256: Readonly<Record<string, string>>;
  readonly logits?: readonly number[];
}

/** A folder for Python to load, and the logits that it has to give. */
interface Job {
  readonly folder: string;
  readonly input?: {
    readonly ids: number[][];
    readonly attentionMask: number[][];
    readonly positions: number[][];
  };
  /** Ours, where a token is real. */
  readonly logits?: Float32Array;
}

const results = new Map<string, Result>();
const jobs = new Map<string, Job>();
let root: string;

/** Saves a model and puts it on the list. */
async function save(
  name: string,
  model: LoadedModel,
  options: { readonly dtype?: FloatDtype; readonly maxShardBytes?: number } = {},
): Promise<string> {
  const folder = join(root, name.replaceAll("/", "-"));
  await saveModel(folder, { ...model, ...options });
  jobs.set(name, { folder });
  return folder;
}

/** Saves a golden model and computes its logits; puts the original on the list as well. */
async function saveGolden(name: string): Promise<void> {
  const golden = new GoldenModel(name);
  const model = await loadModel(FIXTURES + name);
  const folder = await save(name, model);
  const { ids, attentionMask, completionMask } = golden.batch();
  const [, length] = ids.shape;
  const positions = tf.tensor2d(golden.values("position_ids"), ids.shape, "int32");
  const scores = tf.tidy(() => {
    const hidden = hiddenStates(model.config, model.params, ids, attentionMask, { positions });
    const rows: tf.Tensor2D = tf.reshape(hidden, [ids.size, model.config.width]);
    return logits(model.config, model.params, rows);
  });
  const input = {
    ids: ids.arraySync(),
    attentionMask: attentionMask.arraySync(),
    positions: positions.arraySync(),
  };
  jobs.set(name, { folder, input, logits: await scores.data<"float32">() });
  jobs.set(`${name}, original`, { folder: FIXTURES + name });
  expect(input.ids[0]?.length).toBe(length);
  tf.dispose([{ ...model.params }, ids, attentionMask, completionMask, positions, scores]);
}

/** Elements of the rows of logits whose token is real. */
function real(values: ArrayLike<number>, { input }: Job): Float32Array {
  const mask = input?.attentionMask.flat() ?? [];
  const width = values.length / mask.length;
  return Float32Array.from(values).filter((_, i) => mask[Math.floor(i / width)] === 1);
}

function result(name: string): Result {
  const found = results.get(name);
  if (!found) throw new Error(`python.test: expected a result of ${name}, got none.`);
  return found;
}

const missing =
  python === undefined
    ? "set PREFLAB_PYTHON to a Python with torch and transformers"
    : spawnSync(python, ["-c", "import torch, transformers"]).status === 0
      ? undefined
      : "$PREFLAB_PYTHON has no torch or transformers";

describeUnless(missing, "checkpoint in Python's transformers", () => {
  afterAll(() => rmSync(root, { recursive: true }));

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "preflab-python-"));
    await tf.setBackend("cpu");
    for (const name of GOLDEN_MODELS) await saveGolden(name);
    const sharded = await loadModel(`${FIXTURES}models/gpt_neox-pythia`);
    await save("sharded", sharded, { maxShardBytes: 50_000 });
    const narrow = await loadModel(`${FIXTURES}models/llama-bf16`);
    await save("narrow", narrow, { dtype: "BF16" });
    for (const name of ["llama", "stablelm"])
      await save(name, await loadModel(ggufPath(`${name}.gguf`)));
    const list = [...jobs.values()].map(({ folder, input }) => ({ folder, ...input }));
    const [given, written] = [join(root, "jobs.json"), join(root, "results.json")];
    writeFileSync(given, JSON.stringify(list));
    const run = spawnSync(python ?? "", [SCRIPT, given, written], { encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    const read = JSON.parse(readFileSync(written, "utf8")) as Result[];
    [...jobs.keys()].forEach((name, index) => {
      results.set(name, read[index] as Result);
    });
  }, PYTHON_TIMEOUT_MS);

  test.each(GOLDEN_MODELS)("%s has the weights of the original", (name) => {
    expect(result(name).problems).toEqual({});
    expect(result(name).dtype).toBe("torch.float32");
    expect(result(name).class).toBe(result(`${name}, original`).class);
    expect(result(name).sha256).toEqual(result(`${name}, original`).sha256);
  });

  test.each(GOLDEN_MODELS)("%s has our logits", (name) => {
    const job = jobs.get(name) as Job;
    const theirs = real(result(name).logits ?? [], job);
    expect(theirs.length).toBeGreaterThan(1000);
    expect(real(job.logits ?? [], job)).toBeAllClose(theirs, LOGITS);
  });

  test("several files are one model", () => {
    expect(result("sharded").problems).toEqual({});
    expect(result("sharded").sha256).toEqual(result("models/gpt_neox-pythia").sha256);
  });

  test("a model saved as bfloat16 is one there", () => {
    expect(result("narrow").dtype).toBe("torch.bfloat16");
    expect(result("narrow").sha256).toEqual(result("models/llama-bf16").sha256);
  });

  test.each(["llama", "stablelm"])("a GGUF file of %s becomes a folder", (name) => {
    const golden = JSON.parse(readFileSync(ggufPath("models.json"), "utf8"));
    expect(result(name).problems).toEqual({});
    expect(result(name).sha256).toEqual(golden[name]);
  });
});
