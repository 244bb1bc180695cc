/**
 * From a recorded graph to something that runs. The phases, in order:
 *
 *     recorded graph -> optimize (./passes) -> verify (./graph/verify.ts)
 *       -> memory check (./graph/memory.ts) -> encode (./onnx) -> session (./runtime)
 */
import type { Graph } from "./graph/graph.ts";
import { checkMemoryLimit } from "./graph/memory.ts";
import { verify } from "./graph/verify.ts";
import { encodeModel } from "./onnx/encode.ts";
import { optimize } from "./passes/index.ts";
import type { Runtime, Session } from "./runtime/runtime.ts";

/** A graph that can be run. */
export interface Program {
  /** What runs, after the passes; inputs and outputs are those of the recorded graph, in order. */
  readonly graph: Graph;
  readonly session: Session;
}

/** Limits of a compilation. */
export interface CompileOptions {
  /** Most bytes one run may need; default 80 % of what the machine has available. */
  readonly memoryLimit?: number;
}

/**
 * Compiles `recorded` for `runtime`.
 * @throws GraphError for a malformed graph, MemoryLimitError before anything is allocated for a
 *   graph that would not fit, SessionError when ONNX Runtime refuses it
 */
export function compile(recorded: Graph, runtime: Runtime, options: CompileOptions = {}): Program {
  const graph = optimize(recorded);
  verify(graph);
  checkMemoryLimit(graph, options.memoryLimit);
  return { graph, session: runtime.createSession(encodeModel(graph)) };
}
