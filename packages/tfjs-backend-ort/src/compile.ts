/**
 * From a recorded graph to something that runs. The phases, in order:
 *
 *     recorded graph -> optimize (./passes) -> verify (./graph/verify.ts)
 *       -> memory check (./graph/memory.ts) -> encode (./onnx) -> session (./runtime)
 */
import type { HostArray } from "./graph/dtypes.ts";
import type { Graph } from "./graph/graph.ts";
import { checkMemoryLimit } from "./graph/memory.ts";
import { verify } from "./graph/verify.ts";
import { encodeModel } from "./onnx/encode.ts";
import { optimize } from "./passes/index.ts";
import type { Runtime, Session, WeightStore } from "./runtime/runtime.ts";

/** A graph that can be run. */
export interface Program {
  /** What runs, after the passes; inputs and outputs are those of the recorded graph, in order. */
  readonly graph: Graph;
  readonly session: Session;
}

/** Limits of a compilation. */
export interface CompileOptions {
  /**
   * Most bytes one run may need; default: {@link setMemoryLimit}'s, else 80 % of what the machine
   * has available.
   */
  readonly memoryLimit?: number;
}

/** Constants that stay outside the model, see `encodeModel`, and where sessions share them. */
export interface SharedConstants {
  readonly arrays: ReadonlySet<HostArray>;
  readonly store: WeightStore;
}

let processLimit: number | undefined;

/**
 * Sets the memory limit of everything compiled from now on; a program's `--memory-limit`.
 * @param bytes most bytes one run may need; `undefined` for 80 % of what is available
 */
export function setMemoryLimit(bytes: number | undefined): void {
  if (bytes !== undefined && !(bytes > 0)) {
    throw new Error(`setMemoryLimit: expected more than 0 bytes, got ${bytes}.`);
  }
  processLimit = bytes;
}

/**
 * Compiles `recorded` for `runtime`.
 * @throws GraphError for a malformed graph, MemoryLimitError before anything is allocated for a
 *   graph that would not fit, SessionError when ONNX Runtime refuses it
 */
export function compile(
  recorded: Graph,
  runtime: Runtime,
  options: CompileOptions = {},
  shared: SharedConstants | null = null,
): Program {
  const graph = optimize(recorded);
  verify(graph);
  if (graph.outputs.length === 0) return { graph, session: NOTHING_TO_RUN };
  checkMemoryLimit(graph, options.memoryLimit ?? processLimit);
  const model = encodeModel(graph, shared?.arrays);
  return { graph, session: runtime.createSession(model, shared ? { weights: shared.store } : {}) };
}

// ONNX Runtime refuses models without outputs, such as an unstack of an empty axis.
const NOTHING_TO_RUN: Session = {
  run: () => {},
  runAsync: async () => {},
  dispose: () => {},
};
