/** Folders with a tokenizer that we save: Python reads the same ids and writes the same text. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  generate,
  initialParameters,
  loadModel,
  loadTokenizer,
  saveModel,
  trainByteLevelBpe,
} from "@preflab/lm";
import { describeUnless } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convertLlama2c } from "../../scripts/convert-llama2c/convert.ts";
import { TINY } from "../model/tiny.ts";
import { fuzzStrings, trainingTexts } from "../tokenizer/golden/texts.ts";
import { sharedPath } from "../tokenizer/shared-data.ts";

const python = process.env["PREFLAB_PYTHON"];
const SCRIPT = fileURLToPath(new URL("./python_text.py", import.meta.url));
const PYTHON_TIMEOUT_MS = 300_000;
const TEXTS = trainingTexts(500, 3);
const STORIES = ["stories260K.bin", "tok512.bin"].map((file) =>
  sharedPath(`weights/stories260K/${file}`),
) as [string, string];

interface Result {
  readonly ids: number[][];
  readonly texts: string[];
  readonly newIds: number[];
  readonly newText: string;
}

interface Job {
  readonly folder: string;
  readonly texts: readonly string[];
  readonly prompt: string;
  readonly newTokens: number;
}

const missing =
  python === undefined
    ? "set PREFLAB_PYTHON to a Python with torch and transformers"
    : spawnSync(python, ["-c", "import torch, transformers"]).status === 0
      ? undefined
      : "$PREFLAB_PYTHON has no torch or transformers";

describeUnless(missing, "model folder with a tokenizer in Python's transformers", () => {
  const root = mkdtempSync(join(tmpdir(), "preflab-text-"));
  const jobs: Job[] = [];
  let results: Result[] = [];

  afterAll(() => rmSync(root, { recursive: true }));

  beforeAll(async () => {
    await selectBackend("ort");
    const trained = join(root, "trained");
    await saveTrained(trained);
    // Text that spells a special token is a special token to Python, and only text to us.
    const texts = fuzzStrings(200, 9).filter((text) => !text.includes("<|"));
    jobs.push({ folder: trained, texts, prompt: "The film was", newTokens: 12 });
    if (existsSync(STORIES[0])) {
      const stories = join(root, "stories");
      await convertLlama2c(...STORIES, stories);
      const spelled = texts.filter((text) => !text.includes("s>") && !text.includes("unk>"));
      jobs.push({ folder: stories, texts: spelled, prompt: "Once upon a time", newTokens: 64 });
    } else process.stderr.write("left out: stories260K, for want of ../shared/data\n");
    const [given, written] = [join(root, "jobs.json"), join(root, "results.json")];
    writeFileSync(given, JSON.stringify(jobs));
    const run = spawnSync(python ?? "", [SCRIPT, given, written], { encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    results = JSON.parse(readFileSync(written, "utf8"));
  }, PYTHON_TIMEOUT_MS);

  test("texts have the same ids, and come back alike", async () => {
    expect(results.length).toBeGreaterThan(0);
    for (const [i, { folder, texts }] of jobs.entries()) {
      const tokenizer = await loadTokenizer(folder);
      const { ids, texts: decoded } = results[i] as Result;
      const ours = texts.map((text) => [...tokenizer.encode(text, { addSpecialTokens: true })]);
      expect(ours).toEqual(ids);
      expect(ours.map((row) => tokenizer.decode(row, { skipSpecialTokens: true }))).toEqual(
        decoded,
      );
    }
  });

  test("greedy generation goes on with the same text", async () => {
    for (const [i, { folder, prompt, newTokens }] of jobs.entries()) {
      const tokenizer = await loadTokenizer(folder);
      const { config, params } = await loadModel(folder);
      const ids = tokenizer.encode(prompt, { addSpecialTokens: true });
      const [completion] = await generate(config, params, [[...ids]], {
        maxNewTokens: newTokens,
        decode: (ids) => tokenizer.decode(ids, { skipSpecialTokens: true }),
      });
      expect(completion?.ids).toEqual(results[i]?.newIds);
      expect(completion?.text).toBe(results[i]?.newText);
      tf.dispose({ ...params });
    }
  });
});

/** A random model with a tokenizer of its own. */
async function saveTrained(folder: string): Promise<void> {
  const tokenizer = trainByteLevelBpe(TEXTS, { vocabSize: 500 });
  const vocabSize = Object.keys(tokenizer.tokenizer.model.vocab).length;
  const config = { ...TINY, vocabSize, maxPositions: 64 };
  const initial = initialParameters(config, 5);
  const params = tf.tidy(() =>
    Object.fromEntries(
      // Far enough apart that rounding cannot swap the two likeliest tokens.
      Object.entries(initial).map(([name, tensor]) => [name, tf.mul(tensor, 30)]),
    ),
  );
  await saveModel(folder, { config, params, tokenizer });
  tf.dispose([initial, params]);
}
