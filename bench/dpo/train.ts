/**
 * Steps of `trainDpo`, all that it does around them included. Prints a {@link Run}. Arguments: folder
 * of the model, file of pairs, seconds, layout.
 */
import process from "node:process";
import {
  knownReference,
  pairPreferences,
  parseDpoConfig,
  referenceLogps,
  trainDpo,
} from "@preflab/dpo";
import { fullPolicy, loadModel, trainableParameters } from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { dispose } from "@tensorflow/tfjs-core";
import { measure } from "../harness/measure.ts";
import { stepwise } from "../harness/stepwise.ts";
import { readPairs } from "./pairs.ts";
import type { Run } from "./run.ts";

const COMPLETIONS = 2;

const [folder, file, seconds, layout] = process.argv.slice(2) as [string, string, string, string];
await selectBackend("ort");
const { pairs, batchSize, beta, learningRate, maxGradNorm, checkedSteps } = readPairs(file);
const settings = parseDpoConfig({
  objective: { name: "sigmoid", beta },
  optimizer: { name: "adamw", lr: learningRate, maxGradNorm },
  layout,
  batchSize,
  maxSteps: Number.MAX_SAFE_INTEGER,
});
const preferences = pairPreferences(pairs);
const { config, params } = await loadModel(folder);
const model = { config, params };
const policy = fullPolicy(config, trainableParameters(params));
const reference = await referenceLogps(model, preferences.groups, {
  ...settings,
  reduction: settings,
});
dispose(params);
const inputs = {
  preferences,
  reference: knownReference(reference, COMPLETIONS),
  inOrder: true,
};
const losses: number[] = [];
const next = stepwise((hooks) => trainDpo(policy, inputs, settings, hooks));
const step = async () => {
  const { loss } = await next();
  if (losses.length < checkedSteps) losses.push(loss);
};
// The first of them may be the only warm-up.
const measured = await measure(step, Number(seconds), checkedSteps - 1);
const run: Run = { ...measured, reference: [...reference], losses };
process.stdout.write(`${JSON.stringify(run)}\n`);
process.exit(0);
