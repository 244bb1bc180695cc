/**
 * Connects tfjs to the backend: registers `ort` and, under it, every kernel of the tfjs `cpu`
 * backend and every handler of ./kernels. Each registered kernel decides at call time: inside a
 * trace it records, outside it runs (./eager.ts).
 */
// tfjs-core ships the gradients of its kernels but registers none; of its packages that load in
// Node, this is the smallest that does.
import "@tensorflow/tfjs-layers";
import {
  findBackendFactory,
  getKernelsForBackend,
  type KernelConfig,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerBackend,
  registerKernel,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { OrtBackend } from "./backend.ts";
import { countEager, runAsGraph, runsAsGraph } from "./eager.ts";
import { UnsupportedKernelError } from "./errors.ts";
import type { Value } from "./graph/graph.ts";
import { HANDLERS } from "./kernels/index.ts";
import type { Handler } from "./kernels/kernel.ts";

/** Name under which tfjs knows the backend. */
export const BACKEND_NAME = "ort";

// Below cpu (1), so that importing this package never changes what a program runs on by itself.
const PRIORITY = 0;

/** Registers the backend with tfjs. Safe to call again. */
export function registerOrtBackend(): void {
  if (findBackendFactory(BACKEND_NAME)) return;
  registerBackend(BACKEND_NAME, () => new OrtBackend(), PRIORITY);
  const cpuKernels = new Map(getKernelsForBackend("cpu").map((k) => [k.kernelName, k.kernelFunc]));
  for (const kernelName of new Set([...cpuKernels.keys(), ...Object.keys(HANDLERS)])) {
    const kernelFunc = dispatch(kernelName, HANDLERS[kernelName], cpuKernels.get(kernelName));
    registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc } satisfies KernelConfig);
  }
}

function dispatch(
  name: string,
  handler: Handler | undefined,
  cpu: KernelFunc | undefined,
): KernelFunc {
  return ({ inputs, attrs = {}, backend }) => {
    const ort = backend as OrtBackend;
    if (ort.trace && (handler || dependsOnTrace(inputs, ort))) {
      return record(name, handler, inputs, attrs, ort);
    }
    if (handler && (!cpu || runsAsGraph(name, inputs, attrs))) {
      countEager(name, "onnx");
      return runAsGraph(name, handler, inputs, attrs, ort);
    }
    if (!cpu)
      throw new UnsupportedKernelError(`ort: kernel ${name} has neither ONNX nor cpu code.`);
    countEager(name, "fallback");
    return detach(cpu({ inputs, attrs, backend: ort }), inputs, ort);
  };
}

/** Whether any input's elements are unknown while tracing. */
function dependsOnTrace(inputs: NamedTensorInfoMap, backend: OrtBackend): boolean {
  return Object.values(inputs).some((info) => info && backend.trace?.isSymbolic(info.dataId));
}

function record(
  name: string,
  handler: Handler | undefined,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap,
  backend: OrtBackend,
): TensorInfo | TensorInfo[] {
  const trace = backend.trace;
  if (!trace || !handler) {
    const shapes = Object.entries(inputs).map(([key, info]) => `${key}: ${describe(info)}`);
    throw new UnsupportedKernelError(
      `jit: expected kernels with an ONNX handler, got ${name}(${shapes.join(", ")}). Keep the op ` +
        "outside the compiled function, or add a handler for it to a table in " +
        "packages/tfjs-backend-ort/src/kernels (see index.ts there).",
    );
  }
  const values: Record<string, Value> = {};
  for (const [key, info] of Object.entries(inputs)) {
    if (info) values[key] = backend.graphValue(info);
  }
  const outputs = handler(trace.graph, values, attrs);
  return Array.isArray(outputs)
    ? outputs.map((value) => backend.symbolic(value))
    : backend.symbolic(outputs as Value);
}

/**
 * Some cpu kernels return views of their input (Slice). Over a buffer that later training steps
 * write again, such a view would change under its owner, so it becomes a copy.
 */
function detach(
  outputs: TensorInfo | TensorInfo[],
  inputs: NamedTensorInfoMap,
  backend: OrtBackend,
): TensorInfo | TensorInfo[] {
  const shared = new Set(Object.values(inputs).map((info) => info?.dataId));
  for (const { dataId } of Array.isArray(outputs) ? outputs : [outputs]) {
    if (shared.has(dataId)) continue;
    const entry = backend.data.get(dataId);
    if (backend.isRecycled(entry.values)) entry.values = (entry.values as Float32Array).slice();
  }
  return outputs;
}

function describe(info: TensorInfo | undefined): string {
  return info ? `${info.dtype}[${info.shape}]` : "absent";
}
