/** Dead-code elimination. */
import { capturedValues } from "../graph/captures.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";

/**
 * Removes nodes and constants that no output needs, and statistics of normalisations that nobody
 * reads. Inputs stay, because callers feed them in order.
 */
export function eliminateDeadCode(graph: Graph): Graph {
  const needed = new Set<Value>(graph.outputs);
  const kept: Node[] = [];
  let isSame = true;
  for (const node of graph.nodes.toReversed()) {
    const own = withoutStatistics(node, needed);
    if (own !== node) isSame = false;
    if (!own) continue;
    for (const value of own.inputs) if (value !== null) needed.add(value);
    for (const value of capturedValues(own)) needed.add(value);
    kept.push(own);
  }
  if (isSame && graph.constants.every((value) => needed.has(value))) return graph;
  const result = graph.derive((value) => needed.has(value));
  result.nodes.push(...kept.reverse());
  result.outputs.push(...graph.outputs);
  return result;
}

/** Operators whose outputs but the first may be left out. */
const WITH_STATISTICS: ReadonlySet<string> = new Set([
  "LayerNormalization",
  "SimplifiedLayerNormalization",
]);

/** The node as far as it is needed; null where it is not. */
function withoutStatistics(node: Node, needed: ReadonlySet<Value>): Node | null {
  const wanted = node.outputs.map((value) => needed.has(value));
  if (!wanted.includes(true)) return null;
  if (!WITH_STATISTICS.has(node.op) || wanted.length === 1 || wanted.lastIndexOf(true) > 0) {
    return node;
  }
  return { ...node, outputs: node.outputs.slice(0, 1) };
}
