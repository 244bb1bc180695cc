/**
 * What both sides measure: a folder with a model of random weights, which each loads as it would any
 * checkpoint, and the token ids that it is given.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ModelConfig, parameterShapes, saveModel } from "@preflab/lm";
import { dispose, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { batchOf, uniform, weights } from "../engine/numbers.ts";
import type { Size } from "../engine/sizes.ts";
import { configOf, GENERATION } from "./sizes.ts";

/** Token ids. */
export interface Inputs {
  /** `[B][T]`, for training and scoring. */
  readonly rows: readonly (readonly number[])[];
  /** For generation, as many as the largest batch. */
  readonly prompts: readonly (readonly number[])[];
  readonly newTokens: number;
}

const PROMPT_STREAM = 1003;
const INPUTS = "inputs.json";
/**
 * Blocks matter more than in a fresh model, which mostly repeats its last token whatever else it
 * sees: a check of what it generates would say little.
 */
const BLOCK_GAIN = 4;

/** Writes the folder, on the current backend. */
export async function writeSubject(folder: string, size: Size): Promise<void> {
  const config = configOf(size);
  const params = randomParameters(config, 0);
  await saveModel(folder, { config, params });
  dispose(params);
  writeFileSync(join(folder, INPUTS), JSON.stringify(inputsOf(size)));
}

/**
 * Weights of a model, which the caller disposes.
 * @param firstStream of random numbers, one per parameter
 */
export function randomParameters(config: ModelConfig, firstStream: number): Record<string, Tensor> {
  const params: Record<string, Tensor> = {};
  for (const [index, [name, shape]] of Object.entries(parameterShapes(config)).entries()) {
    params[name] = tensor(initial(name, shape, firstStream + index), [...shape]);
  }
  return params;
}

/** The token ids of a folder. */
export function readInputs(folder: string): Inputs {
  return JSON.parse(readFileSync(join(folder, INPUTS), "utf8")) as Inputs;
}

function inputsOf(size: Size): Inputs {
  const { promptLength, newTokens, batches } = GENERATION;
  const { batch, length, vocabulary } = size;
  const ids = [...batchOf(size).ids];
  const prompt = (row: number) =>
    Array.from({ length: promptLength }, (_, i) =>
      Math.floor(uniform(PROMPT_STREAM, row * promptLength + i) * vocabulary),
    );
  return {
    rows: Array.from({ length: batch }, (_, row) => ids.slice(row * length, (row + 1) * length)),
    prompts: Array.from({ length: Math.max(...batches) }, (_, row) => prompt(row)),
    newTokens,
  };
}

/** GPT-2's spread of weights, larger within blocks; gains 1, biases 0. */
function initial(name: string, shape: readonly number[], stream: number): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 1) return new Float32Array(length).fill(name.endsWith("gain") ? 1 : 0);
  const data = weights(stream, length);
  return name.startsWith("blocks.") ? data.map((weight) => BLOCK_GAIN * weight) : data;
}
