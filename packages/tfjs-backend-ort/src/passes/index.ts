/**
 * The passes over recorded graphs, and their order. Each is a function from graph to graph that
 * keeps inputs and outputs in number and order; none changes the graph it is given.
 */
import type { Graph } from "../graph/graph.ts";
import { eliminateCommonSubexpressions } from "./cse.ts";
import { eliminateDeadCode } from "./dce.ts";
import { foldConstants } from "./fold-constants.ts";
import { fuse } from "./fuse.ts";
import { simplify } from "./simplify.ts";
import { simplifyUniform } from "./uniform.ts";

/** A pass; returns the graph itself when it finds nothing to do. */
export type Pass = (graph: Graph) => Graph;

/** Rounds per phase; what is left after that is left. Traces of training steps take two to four. */
const MAX_ROUNDS = 8;

/** Phase 1: results stay the same, bit for bit (but for the bits of a NaN). */
const EXACT: readonly Pass[] = [
  simplifyUniform,
  simplify,
  foldConstants,
  eliminateCommonSubexpressions,
  eliminateDeadCode,
];

/** Phase 2: results change by rounding. Fusing leaves constants to fold and dead nodes. */
const FUSING: readonly Pass[] = [
  fuse,
  foldConstants,
  eliminateCommonSubexpressions,
  eliminateDeadCode,
];

/**
 * An equivalent, cheaper graph with the same inputs and outputs in the same order:
 *
 *     drop dead code, once, since traces compute much that nobody returns
 *       -> exact rewrites, to a fixed point
 *       -> fusion, to a fixed point
 */
export function optimize(graph: Graph): Graph {
  return untilStable(untilStable(eliminateDeadCode(graph), EXACT), FUSING);
}

function untilStable(graph: Graph, passes: readonly Pass[]): Graph {
  let current = graph;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = passes.reduce((it, pass) => pass(it), current);
    if (next === current) break;
    current = next;
  }
  return current;
}
