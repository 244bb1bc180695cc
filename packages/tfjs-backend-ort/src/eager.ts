/**
 * Ops outside a trace. Three modes: `auto` runs heavy kernels (matrix products) through ONNX
 * Runtime and everything else on the cpu kernels; `graph` runs every kernel that has a handler as a
 * one-node graph (the judge of handlers, slow); `cpu` never uses ONNX Runtime.
 */
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import type { OrtBackend } from "./backend.ts";
import { LruCache } from "./cache.ts";
import { compile, type Program } from "./compile.ts";
import { allocate, isDType, sizeOf } from "./graph/dtypes.ts";
import { Graph, type Value } from "./graph/graph.ts";
import type { Handler } from "./kernels/kernel.ts";
import type { HostTensor } from "./runtime/runtime.ts";
import { loadRuntime } from "./runtime/select.ts";

/** How ops outside a trace run; see the file header. */
export type EagerMode = "auto" | "graph" | "cpu";

/** How often a kernel ran through ONNX Runtime and on the cpu kernels, outside traces. */
export interface EagerCount {
  onnx: number;
  fallback: number;
}

const MODES: readonly EagerMode[] = ["auto", "graph", "cpu"];

/** Kernels worth a session of their own when their inputs reach this many elements. */
const HEAVY_KERNELS: ReadonlySet<string> = new Set([
  "BatchMatMul",
  "_FusedMatMul",
  "Einsum",
  "Conv2D",
  "Conv2DBackpropFilter",
  "Conv2DBackpropInput",
  "FusedConv2D",
]);
const HEAVY_ELEMENTS = 8192;

/** Kernels whose output shares its input's data on every backend; tfjs' leak checks count on it. */
const SHARING_KERNELS: ReadonlySet<string> = new Set(["Identity", "Reshape", "ExpandDims"]);
const CACHED_GRAPHS = 256;

interface CachedKernel {
  readonly program: Program;
  /** Whether the kernel returns a list, which tfjs tells apart from a single output. */
  readonly isList: boolean;
}

const cache = new LruCache<CachedKernel>(CACHED_GRAPHS, ({ program }) => program.session.dispose());
const counts = new Map<string, EagerCount>();
let mode: EagerMode | null = null;

/** The mode in force: {@link setEagerMode}, else the environment's `ORT_EAGER`, else `auto`. */
export function eagerMode(): EagerMode {
  mode ??= parseMode(process.env["ORT_EAGER"] ?? "auto");
  return mode;
}

/** Chooses how ops outside a trace run. @throws for anything but auto, graph or cpu */
export function setEagerMode(name: EagerMode): void {
  mode = parseMode(name);
}

/** Counts by kernel name since the start or the last {@link resetEagerCounts}. */
export function eagerCounts(): ReadonlyMap<string, Readonly<EagerCount>> {
  return counts;
}

/** Sets all counts to zero. */
export function resetEagerCounts(): void {
  counts.clear();
}

/** Counts one eager run of `kernel`. */
export function countEager(kernel: string, by: keyof EagerCount): void {
  const count = counts.get(kernel) ?? { onnx: 0, fallback: 0 };
  count[by]++;
  counts.set(kernel, count);
}

/** Whether an eager call of `kernel` should run as a one-node graph. */
export function runsAsGraph(
  kernel: string,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
): boolean {
  const infos = present(inputs);
  // string and complex64 have no place in a graph, neither as inputs nor as outputs (Fill, Cast).
  const types = [...infos.map((info) => info.dtype), attributes["dtype"] ?? "float32"];
  if (!types.every((type) => isDType(String(type)))) return false;
  switch (eagerMode()) {
    case "graph":
      return true;
    case "cpu":
      return false;
    default:
      return (
        HEAVY_KERNELS.has(kernel) &&
        infos.reduce((sum, { shape }) => sum + sizeOf(shape), 0) >= HEAVY_ELEMENTS
      );
  }
}

/** Runs one kernel as a graph of its own, compiled once per attributes, shapes and types. */
export function runAsGraph(
  kernel: string,
  handler: Handler,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
  backend: OrtBackend,
): TensorInfo | TensorInfo[] {
  const named = Object.entries(inputs).filter((entry): entry is [string, TensorInfo] => !!entry[1]);
  const ports = named.map(([name, { shape, dtype }]) => `${name}:${dtype}[${shape}]`);
  const key = `${kernel}(${ports})${JSON.stringify(attributes, exactNumber)}`;
  let cached = cache.get(key);
  if (!cached) {
    const { graph, isList } = record(kernel, handler, named, attributes);
    cached = { program: compile(graph, loadRuntime()), isList };
    cache.set(key, cached);
  }
  const { program, isList } = cached;
  const outputs = program.graph.outputs.map(
    ({ dtype, shape }): HostTensor => ({ dtype, shape, data: allocate(dtype, sizeOf(shape)) }),
  );
  program.session.run(
    named.map(([, info]) => backend.hostTensor(info)),
    outputs,
  );
  if (SHARING_KERNELS.has(kernel)) {
    const [[, info], output] = [named[0] as [string, TensorInfo], outputs[0] as HostTensor];
    return backend.overwrite(info, output);
  }
  const infos = outputs.map((output) => backend.adopt(output));
  return isList ? infos : (infos[0] as TensorInfo);
}

function record(
  kernel: string,
  handler: Handler,
  inputs: readonly [string, TensorInfo][],
  attributes: NamedAttrMap,
): { graph: Graph; isList: boolean } {
  const graph = new Graph(kernel);
  const values: Record<string, Value> = {};
  for (const [name, { shape, dtype }] of inputs) {
    if (!isDType(dtype)) throw new Error(`runAsGraph: expected a graph dtype, got ${dtype}.`);
    values[name] = graph.input(shape, dtype);
  }
  const outputs = handler(graph, values, attributes);
  const isList = Array.isArray(outputs);
  graph.outputs.push(...(isList ? outputs : [outputs as Value]));
  return { graph, isList };
}

/** For JSON, which writes NaN and both infinities as null and -0 as 0. */
function exactNumber(_key: string, value: unknown): unknown {
  return typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))
    ? value
    : `${Object.is(value, -0) ? "-0" : value}`;
}

function present(inputs: NamedTensorInfoMap): TensorInfo[] {
  return Object.values(inputs).filter((info): info is TensorInfo => !!info);
}

function parseMode(name: string): EagerMode {
  const found = MODES.find((known) => known === name);
  if (!found) {
    throw new Error(`ORT_EAGER: expected one of ${MODES.join(", ")}, got "${name}".`);
  }
  return found;
}
