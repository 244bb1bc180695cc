/** Greedy generation with a cache, against Hugging Face transformers and against none. */

import "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { createGenerator } from "../../src/generate/generator.ts";
import { withoutPadding } from "../../src/generate/prompts.ts";
import { GoldenModel } from "../model/golden.ts";
import { textLogits } from "./models.ts";

/** Of the golden models' READMEs. */
const STEP_LOGITS = { atol: 3e-4, rtol: 1e-4 };

/** Checks every token and the logits of every step of a golden model on the current backend. */
export async function checkGeneration(folder: string): Promise<void> {
  const before = tf.memory().numTensors;
  const golden = new GoldenModel(folder);
  const params = await golden.parameters();
  const generator = createGenerator(golden.config, params);
  const { prompts, sequences, steps } = generation(golden);
  const completions = await generator.generate(prompts, {
    maxNewTokens: steps,
    eos: null,
    stepLogits: true,
  });
  expect(completions.map(({ ids }) => ids)).toEqual(sequences);
  const logits = completions.map(({ stepLogits }) =>
    (stepLogits as Float32Array[]).flatMap((row) => [...row]),
  );
  expect(logits.flat()).toBeAllClose(golden.values("gen.step_logits"), STEP_LOGITS);
  for (const [row, prompt] of prompts.entries()) {
    const text = [...prompt, ...(sequences[row] as number[])];
    const uncached = textLogits(golden.config, params, text.slice(0, -1));
    const expected = uncached.slice(prompt.length - 1).flat();
    expect(logits[row], `row ${row} without a cache`).toBeAllClose(expected, STEP_LOGITS);
  }
  if (golden.has("gen.eos_token_id")) {
    const eos = golden.values("gen.eos_token_id")[0] as number;
    const ended = await generator.generate(prompts, { maxNewTokens: steps, eos });
    const expected = generation(golden, "gen.eos_sequences").sequences;
    const padded = ended.map(({ ids }) => [...ids, ...Array(steps - ids.length).fill(0)]);
    expect(padded).toEqual(expected);
    for (const { ids, finish } of ended) {
      expect(finish).toBe(ids.at(-1) === eos ? "eos" : "length");
    }
  }
  generator.dispose();
  tf.dispose(params);
  expect(tf.memory().numTensors).toBe(before);
}

/** Prompts and new tokens of a golden model. */
function generation(golden: GoldenModel, name = "gen.sequences") {
  const mask = golden.values("gen.attention_mask");
  const rows = 3;
  const length = mask.length / rows;
  const prompts = withoutPadding(matrix(golden.values("gen.input_ids"), rows), matrix(mask, rows));
  const sequences = matrix(golden.values(name), rows).map((row) => row.slice(length));
  return { prompts, sequences, steps: (sequences[0] as number[]).length };
}

function matrix(values: Float32Array | Int32Array, rows: number): number[][] {
  const columns = values.length / rows;
  return Array.from({ length: rows }, (_, i) => [
    ...values.subarray(i * columns, (i + 1) * columns),
  ]);
}
