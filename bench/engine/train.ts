/**
 * One contender's process: training steps in tfjs. Prints one line of JSON.
 * Arguments: size, seconds, backend, ops (fused or plain), mode (one-graph, flat or auto).
 */
import process from "node:process";
import { adamw } from "@preflab/lm";
import * as fused from "@preflab/tfjs-backend-ort";
import { selectBackend, type TrainMode, trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "../harness/measure.ts";
import { lossOf, makeParameters } from "./model.ts";
import { batchOf } from "./numbers.ts";
import { PLAIN } from "./plain-ops.ts";
import { SIZES, type SizeName, stepFlops } from "./sizes.ts";

const LEARNING_RATE = 1e-3;
/** Losses that are compared between contenders. */
const CHECKED_STEPS = 3;

const [name, seconds, backend, ops, mode] = process.argv.slice(2) as [
  SizeName,
  string,
  "ort" | "wasm",
  "fused" | "plain",
  TrainMode | "auto",
];
await selectBackend(backend);
const size = SIZES[name];
const { ids, targets } = batchOf(size);
const batch: [tf.Tensor1D, tf.Tensor1D] = [
  tf.tensor1d(ids, "int32"),
  tf.tensor1d(targets, "int32"),
];
const params = makeParameters(size);
const operations = ops === "plain" ? PLAIN : fused;
const started = performance.now();
const step = trainStep<[tf.Tensor1D, tf.Tensor1D]>({
  params,
  loss: (ids, targets) => ({ loss: lossOf(operations, size, params, ids, targets) }),
  rule: adamw({ weightDecay: 0 }),
  mode,
});
const losses: number[] = [];
const run = async () => {
  const { loss } = await step.run(LEARNING_RATE, ...batch);
  if (losses.length < CHECKED_STEPS) losses.push(loss);
};
await run();
const firstStepMs = performance.now() - started;
const measurement = await measure(run, Number(seconds));
const gflops = stepFlops(size) / measurement.ms / 1e6;
process.stdout.write(
  `${JSON.stringify({ ...measurement, losses, gflops, firstStepMs, mode: step.mode })}\n`,
);
process.exit(0);
