/**
 * Steps of `trainSft`, all that it does around them included. Prints a run whose check are the
 * losses of the first steps. Arguments: folder, seconds.
 */
import process from "node:process";
import {
  fullPolicy,
  loadModel,
  rowBatches,
  SFT_DEFAULTS,
  type SftConfig,
  trainableParameters,
  trainSft,
} from "@preflab/lm";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { dispose } from "@tensorflow/tfjs-core";
import { measure } from "../harness/measure.ts";
import { stepwise } from "../harness/stepwise.ts";
import { finish } from "./run.ts";
import { readInputs } from "./subject.ts";

const LEARNING_RATE = 1e-3;
/** Losses that are compared: the third is small only if two updates were right. */
const CHECKED_STEPS = 3;

const [folder, seconds] = process.argv.slice(2) as [string, string];
await selectBackend("ort");
const { rows } = readInputs(folder);
const { config, params } = await loadModel(folder);
const policy = fullPolicy(config, trainableParameters(params));
dispose(params);
const settings: SftConfig = {
  ...SFT_DEFAULTS,
  optimizer: { ...SFT_DEFAULTS.optimizer, lr: LEARNING_RATE },
  batchSize: rows.length,
  maxSteps: Number.MAX_SAFE_INTEGER,
  maxLength: Math.max(...rows.map(({ length }) => length)),
};
const batches = rowBatches(
  rows.map((ids) => ({ ids })),
  { batchSize: settings.batchSize, maxLength: settings.maxLength, seed: settings.seed },
);
const losses: number[] = [];
const next = stepwise((hooks) => trainSft(policy, batches, settings, hooks));
const step = await measure(async () => {
  const { loss } = await next();
  if (losses.length < CHECKED_STEPS) losses.push(loss);
}, Number(seconds));
finish({ step }, losses);
