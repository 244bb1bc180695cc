import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import {
  add,
  dispose,
  div,
  matMul,
  slice,
  softmax,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENDINGS, type Ending, type PpoSize, TEXTS } from "../../ppo/sizes.ts";
import { readInputs, writeSubject } from "../../ppo/subject.ts";

const TINY: PpoSize = {
  layers: 1,
  width: 32,
  heads: 2,
  vocabulary: 64,
  batch: 1,
  length: 8,
  prompts: 3,
};
const root = mkdtempSync(join(tmpdir(), "preflab-subject-"));
const folderOf = (ending: Ending) => join(root, ending);

beforeAll(async () => {
  await selectBackend("ort");
  for (const ending of Object.keys(ENDINGS) as Ending[]) {
    await writeSubject(folderOf(ending), TINY, ending);
  }
});
afterAll(() => rmSync(root, { recursive: true }));

/** Chance of the end after each of some tokens, at the sampling temperature. */
async function chancesOfEnd(ending: Ending): Promise<number[]> {
  const { eos, settings } = readInputs(folderOf(ending));
  const { config, params } = await loadModel(join(folderOf(ending), "policy"));
  expect(config.specialIds.eos).toBe(eos);
  const chances = tidy(() => {
    const { embedding, "norm.bias": bias } = params as Record<string, Tensor2D>;
    // Directions that have nothing to do with any word's.
    const data = Array.from({ length: 40 * TINY.width }, (_, i) => Math.sin(17 * i * i));
    const states = add<Tensor2D>(tensor2d(data, [40, TINY.width]), bias as Tensor);
    const scores = div(matMul(states, embedding as Tensor2D, false, true), settings.temperature);
    return slice(softmax(scores), [0, eos ?? 0], [-1, 1]).dataSync<"float32">();
  });
  dispose(params);
  return [...chances];
}

describe("ppo/subject", () => {
  it("prompts are of one length, and no text has the end but as its last token", () => {
    const { prompts, checked, eos } = readInputs(folderOf("ending"));
    expect(prompts).toHaveLength(TINY.prompts);
    for (const prompt of prompts) expect(prompt).toHaveLength(TEXTS.promptLength);
    const lengths = new Set(checked.map(({ completionIds }) => completionIds.length));
    expect(lengths.size).toBeGreaterThan(5);
    for (const { promptIds, completionIds } of checked) {
      expect([...promptIds, ...completionIds.slice(0, -1)]).not.toContain(eos);
      const isShort = completionIds.length < TEXTS.newTokens;
      expect(completionIds.at(-1) === eos).toBe(isShort);
      expect(Math.max(...promptIds, ...completionIds)).toBeLessThan(TINY.vocabulary);
    }
  });

  it("texts end with about the chance that is asked for, or never", async () => {
    expect(readInputs(folderOf("full")).eos).toBeNull();
    const chances = await chancesOfEnd("ending");
    const mean = chances.reduce((sum, x) => sum + x, 0) / chances.length;
    expect(mean).toBeGreaterThan(0.5 * ENDINGS.ending);
    expect(mean).toBeLessThan(2 * ENDINGS.ending);
  });

  it("policy, reference and reward model are different ones of one shape", async () => {
    const models = [];
    for (const name of ["policy", "reference", "reward"]) {
      models.push(await loadModel(join(folderOf("full"), name)));
    }
    const first = models.map(({ params }) => params["embedding"]?.dataSync()[0]);
    expect(new Set(first).size).toBe(3);
    expect(models.map(({ config }) => config.labels)).toEqual([undefined, undefined, 1]);
    for (const { params } of models) dispose(params);
  });
});
