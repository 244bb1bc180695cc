/** The transformer and its log-probabilities equal those of transformers on every backend. */

import { describeUnless } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { GOLDEN_MODELS } from "./golden.ts";
import { checkParity } from "./parity-suite.ts";

const tensorflow = await selectBackend("tensorflow").then(
  () => undefined,
  (reason: Error) => reason.message,
);

afterEach(() => tf.setBackend("cpu"));

describe.each(GOLDEN_MODELS)("model %s", (folder) => {
  test.each([
    ["cpu", "op by op", false],
    ["ort", "op by op", false],
    ["ort", "compiled", true],
  ])("equals transformers on backend %s %s", async (backend, _, compiled) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    await checkParity(folder, compiled);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describeUnless(tensorflow, "model on backend tensorflow", () => {
  test.each(GOLDEN_MODELS)("%s equals transformers", async (folder) => {
    await tf.setBackend("tensorflow");
    await checkParity(folder, false);
  });
});
