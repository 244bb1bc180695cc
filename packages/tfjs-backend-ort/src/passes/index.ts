/** The passes over recorded graphs, and their order. */
import type { Graph } from "../graph/graph.ts";
import { eliminateDeadCode } from "./dce.ts";

/** An equivalent, cheaper graph with the same inputs and outputs in the same order. */
export function optimize(graph: Graph): Graph {
  return eliminateDeadCode(graph);
}
