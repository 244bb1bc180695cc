/** Dead-code elimination. */
import { capturedValues } from "../graph/captures.ts";
import type { Graph, Value } from "../graph/graph.ts";

/**
 * Removes nodes and constants that no output needs. Inputs stay, because callers feed them in order.
 */
export function eliminateDeadCode(graph: Graph): Graph {
  const needed = new Set<Value>(graph.outputs);
  const kept = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((value) => needed.has(value))) return false;
    for (const value of node.inputs) if (value !== null) needed.add(value);
    for (const value of capturedValues(node)) needed.add(value);
    return true;
  });
  if (kept.length === graph.nodes.length && graph.constants.every((value) => needed.has(value))) {
    return graph;
  }
  const result = graph.derive((value) => needed.has(value));
  result.nodes.push(...kept.reverse());
  result.outputs.push(...graph.outputs);
  return result;
}
