/**
 * Log-probabilities of whole sequences, from token ids in host memory to numbers there. Prints a run
 * whose check are the numbers. Arguments: folder, seconds.
 */
import process from "node:process";
import { loadModel, padBatch, sequenceLogps, tokenLogps, toTensors } from "@preflab/lm";
import { jit, selectBackend } from "@preflab/tfjs-backend-ort";
import { dispose, type Tensor2D } from "@tensorflow/tfjs-core";
import { measure } from "../harness/measure.ts";
import { finish } from "./run.ts";
import { readInputs } from "./subject.ts";

const [folder, seconds] = process.argv.slice(2) as [string, string];
await selectBackend("ort");
const { rows } = readInputs(folder);
const { config, params } = await loadModel(folder);
const length = Math.max(...rows.map(({ length }) => length));
const program = jit((ids: Tensor2D, attentionMask: Tensor2D, completionMask: Tensor2D) => {
  const logps = tokenLogps({ config, params }, { ids, attentionMask });
  return sequenceLogps(logps, completionMask);
});
let sums: readonly number[] = [];
const score = await measure(async () => {
  const batch = padBatch(
    rows.map((ids) => ({ ids })),
    rows.length,
    length,
    0,
  );
  const tensors = toTensors(batch);
  const { ids, attentionMask, completionMask } = tensors;
  const result = await program.async(ids, attentionMask, completionMask);
  sums = [...(await result.data<"float32">())];
  dispose([{ ...tensors }, result]);
}, Number(seconds));
finish({ score }, sums);
