/** Structural checks. */
import type { Graph } from "./graph.ts";

/** @throws GraphError */
export function verify(_graph: Graph): void {}
