/** The same on the other ONNX Runtime binding; a process has one of them. */

import * as tf from "@tensorflow/tfjs-core";
import { describe, test } from "vitest";
import { GOLDEN_MODELS } from "./golden.ts";
import { checkParity } from "./parity-suite.ts";

process.env["PREFLAB_ORT_RUNTIME"] = "onnxruntime-node";

describe("model on onnxruntime-node", () => {
  test.each(GOLDEN_MODELS)("%s equals transformers", async (folder) => {
    await tf.setBackend("ort");
    await checkParity(folder, true);
  });
});
