/** A model and a vocabulary of llama2.c as a Hugging Face folder. */
import { readFile } from "node:fs/promises";
import { saveModel } from "@preflab/lm";
import { dispose, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { readLlama2cVocabulary } from "./vocabulary.ts";
import { readLlama2c } from "./weights.ts";

/**
 * Writes the folder. A tfjs backend has to be running.
 *
 * @throws Error when a file is not one of llama2.c's, or cannot be read.
 */
export async function convertLlama2c(
  modelFile: string,
  vocabularyFile: string,
  folder: string,
): Promise<void> {
  const { config, parameters } = readLlama2c(await readFile(modelFile));
  const tokenizer = readLlama2cVocabulary(await readFile(vocabularyFile));
  const params: Record<string, Tensor> = {};
  for await (const { name, shape, values } of parameters()) {
    params[name] = tensor(values, [...shape], "float32");
  }
  await saveModel(folder, { config, params, tokenizer });
  dispose(params);
}
