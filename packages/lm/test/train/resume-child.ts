/**
 * A training process for ./resume.test.ts: `FOLDER DIE_AT SETTINGS`. Trains 20 steps in the run folder,
 * going on where it was, and kills itself as the log line of step DIE_AT is out (0: never).
 */
import "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { openRun } from "../../src/io/run-folder.ts";
import { rowBatches } from "../../src/train/batches.ts";
import { parseSftConfig, trainSft } from "../../src/train/train-sft.ts";
import { tinyPolicy, tinyRows } from "./tiny.ts";

const [, , folder = "", dieAt = "0", settings = "{}"] = process.argv;

await tf.setBackend("ort");
const config = parseSftConfig({
  batchSize: 4,
  maxSteps: 20,
  maxLength: 32,
  saveEvery: 10,
  seed: 11,
  optimizer: { lr: 1e-2, schedule: "cosine", warmupSteps: 4 },
  ...JSON.parse(settings),
});
const policy = tinyPolicy();
const run = await openRun(folder, { config }, { resume: true });
const resumed = await run.restore(policy.variables);
await trainSft(
  policy,
  rowBatches(tinyRows(30), config),
  config,
  {
    log: async (metrics) => {
      await run.log(metrics);
      if (metrics.step === Number(dieAt)) process.kill(process.pid, "SIGKILL");
    },
    save: (snapshot) => run.save(policy.variables, snapshot),
  },
  resumed ?? undefined,
);
await run.close();
