/** The suite on this package's backend, in the mode that the environment's ORT_EAGER names. */
import "./jasmine-globals.ts";
import "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util.js";
import { BACKEND_NAME, eagerCounts } from "../../src/index.ts";
import { HANDLERS } from "../../src/kernels/index.ts";
import { loadRuntime } from "../../src/runtime/select.ts";
import type { Backend } from "./run.ts";

// The shards share the machine, and every session of the onnxruntime-node addon keeps its own pool.
loadRuntime({ threads: 1 });
setTestEnvs([{ name: BACKEND_NAME, backendName: BACKEND_NAME, flags: {}, isDataSync: true }]);

/** Counts come from the backend's own eager dispatch. */
export const backend: Backend = {
  name: BACKEND_NAME,
  onnxKernels: Object.keys(HANDLERS),
  callCounts: eagerCounts,
};
