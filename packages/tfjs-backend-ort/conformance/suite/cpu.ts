/** The suite on tfjs' own cpu backend: the baseline that says which specs can pass in Node at all. */
import "./jasmine-globals.ts";
import { getKernelsForBackend, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import "@tensorflow/tfjs-backend-cpu";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util.js";
import type { KernelCalls } from "./records.ts";
import type { Backend } from "./run.ts";

setTestEnvs([{ name: "cpu", backendName: "cpu", flags: {}, isDataSync: true }]);

const counts = new Map<string, KernelCalls>();
for (const kernel of getKernelsForBackend("cpu")) {
  const { kernelName, backendName, kernelFunc } = kernel;
  unregisterKernel(kernelName, backendName);
  registerKernel({
    ...kernel,
    kernelFunc(params) {
      counts.set(kernelName, { onnx: 0, fallback: (counts.get(kernelName)?.fallback ?? 0) + 1 });
      return kernelFunc(params);
    },
  });
}

/** Every call counts as one on the cpu backend, which a run on `ort` can be held against. */
export const backend: Backend = { name: "cpu", onnxKernels: [], callCounts: () => counts };
