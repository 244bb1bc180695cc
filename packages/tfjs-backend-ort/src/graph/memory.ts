/**
 * How much memory a run of a graph takes, estimated before anything is compiled. An estimate: ONNX
 * Runtime computes some nodes in place (less) and packs weights or rounds blocks up (more).
 */
import { MemoryLimitError } from "../errors.ts";
import { availableMemory } from "./available-memory.ts";
import { capturedValues } from "./captures.ts";
import { bytesPerElement, sizeOf } from "./dtypes.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { printSpec } from "./print.ts";

/** Share of the available memory that a graph may take unless told otherwise. */
const DEFAULT_SHARE = 0.8;
/** How many buffers a {@link MemoryEstimate} lists. */
const LISTED_BUFFERS = 5;

/** Ops whose output shares the memory of their first input. */
const VIEW_OPS: ReadonlySet<string> = new Set([
  "Reshape",
  "Identity",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
]);

/** One piece of memory and what makes it: an op, or `input`, `constant`. */
export interface BufferUse {
  readonly value: Value;
  readonly source: string;
  readonly bytes: number;
}

/** Bytes of one run. */
export interface MemoryEstimate {
  readonly inputs: number;
  readonly constants: number;
  readonly outputs: number;
  /** Most bytes of intermediate values alive at once. */
  readonly intermediates: number;
  /** All of the above. */
  readonly total: number;
  /** The largest buffers of any kind, largest first. */
  readonly largest: readonly BufferUse[];
}

/** Estimates what a run of `graph` takes, its nodes being run in their order. */
export function estimateMemory(graph: Graph): MemoryEstimate {
  const buffers: BufferUse[] = [
    ...graph.inputs.map((value) => use(value, "input")),
    ...graph.constants.map((value) => use(value, "constant")),
    ...graph.nodes
      .filter((node) => !isView(node))
      .flatMap((node) => node.outputs.map((value) => use(value, node.op))),
  ];
  const inputs = bytesOf(graph.inputs);
  const constants = bytesOf(graph.constants);
  const outputs = bytesOf(graph.outputs);
  const intermediates = peakOfIntermediates(graph);
  return {
    inputs,
    constants,
    outputs,
    intermediates,
    total: inputs + constants + outputs + intermediates,
    largest: buffers.sort((a, b) => b.bytes - a.bytes).slice(0, LISTED_BUFFERS),
  };
}

/**
 * Refuses a graph that would not fit in memory.
 * @param limitBytes most bytes of {@link MemoryEstimate.total}; default 80 % of what is available
 *   besides the inputs, which are in memory already
 * @throws MemoryLimitError naming the largest buffers
 */
export function checkMemoryLimit(graph: Graph, limitBytes?: number): void {
  const estimate = estimateMemory(graph);
  const limit = limitBytes ?? estimate.inputs + DEFAULT_SHARE * availableMemory();
  if (estimate.total <= limit) return;
  const largest = estimate.largest.map(
    ({ value, source, bytes }) =>
      `${value.name} ${printSpec(value)} by ${source} ${printBytes(bytes)}`,
  );
  throw new MemoryLimitError(
    `compile ${graph.name}: expected a run to need at most ${printBytes(limit)}, got ` +
      `${printBytes(estimate.total)} (inputs ${printBytes(estimate.inputs)}, constants ` +
      `${printBytes(estimate.constants)}, outputs ${printBytes(estimate.outputs)}, intermediates ` +
      `${printBytes(estimate.intermediates)}). Largest: ${largest.join(", ")}. Use smaller ` +
      "batches or raise the memory limit.",
  );
}

function peakOfIntermediates(graph: Graph): number {
  const external = new Set<Value>([...graph.inputs, ...graph.constants, ...graph.outputs]);
  /** The value that owns the memory of a view. */
  const owner = new Map<Value, Value>();
  const ownerOf = (value: Value): Value => owner.get(value) ?? value;
  const lastUse = new Map<Value, number>();
  graph.nodes.forEach((node, i) => {
    const source = node.inputs[0];
    const view = isView(node) && source ? ownerOf(source) : null;
    for (const value of node.outputs) {
      if (view !== null && !external.has(value)) owner.set(value, view);
      lastUse.set(ownerOf(value), i);
    }
    for (const value of node.inputs) if (value !== null) lastUse.set(ownerOf(value), i);
    for (const value of capturedValues(node)) lastUse.set(ownerOf(value), i);
  });
  const dying = graph.nodes.map((): Value[] => []);
  for (const [value, i] of lastUse) dying[i]?.push(value);
  const alive = new Set<Value>();
  let live = 0;
  let peak = 0;
  graph.nodes.forEach((node, i) => {
    for (const value of node.outputs) {
      if (external.has(value) || owner.has(value)) continue;
      alive.add(value);
      live += bytes(value);
    }
    peak = Math.max(peak, live + bytesOfBodies(node));
    for (const value of dying[i] ?? []) if (alive.delete(value)) live -= bytes(value);
  });
  return peak;
}

/** What the bodies of a loop take while it runs; iterations reuse it. */
function bytesOfBodies(node: Node): number {
  let total = 0;
  for (const attribute of Object.values(node.attributes)) {
    if (!("graph" in attribute)) continue;
    const body = attribute.graph;
    total += peakOfIntermediates(body) + bytesOf(body.constants) + bytesOf(body.outputs);
  }
  return total;
}

function isView({ op, domain }: Node): boolean {
  return domain === "" && VIEW_OPS.has(op);
}

function use(value: Value, source: string): BufferUse {
  return { value, source, bytes: bytes(value) };
}

function bytes({ shape, dtype }: Value): number {
  return sizeOf(shape) * bytesPerElement(dtype);
}

function bytesOf(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + bytes(value), 0);
}

function printBytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} MB`;
  return `${Math.ceil(count)} bytes`;
}
