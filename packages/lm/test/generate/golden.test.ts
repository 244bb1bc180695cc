/** Greedy generation equals that of transformers on every backend. */

import { describeUnless } from "@preflab/testing";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, test } from "vitest";
import { GOLDEN_MODELS } from "../model/golden.ts";
import { checkGeneration } from "./golden-suite.ts";

const tensorflow = await selectBackend("tensorflow").then(
  () => undefined,
  (reason: Error) => reason.message,
);

afterEach(() => tf.setBackend("cpu"));

describe.each(GOLDEN_MODELS)("generate %s", (folder) => {
  test.each(["ort", "cpu"])("equals transformers on backend %s", async (backend) => {
    await tf.setBackend(backend);
    await checkGeneration(folder);
  });
});

describeUnless(tensorflow, "generate on backend tensorflow", () => {
  test.each(GOLDEN_MODELS)("%s equals transformers", async (folder) => {
    await tf.setBackend("tensorflow");
    await checkGeneration(folder);
  });
});
