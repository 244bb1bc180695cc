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

/** What is left to do after this many rounds is left undone. Training steps take three. */
const MAX_ROUNDS = 8;

/**
 * One round. Constants come first, because the other passes look for them; sharing comes after
 * fusion, because a value that two others share cannot vanish into either.
 */
const ROUND: readonly Pass[] = [
  simplifyUniform,
  simplify,
  foldConstants,
  fuse,
  eliminateCommonSubexpressions,
  eliminateDeadCode,
];

/**
 * An equivalent, cheaper graph with the same inputs and outputs in the same order:
 *
 *     drop dead code, since traces compute much that nobody returns
 *       -> rounds of all passes until one finds nothing to do
 *
 * Results are equal up to rounding, and to the bit where {@link fuse} finds nothing.
 */
export function optimize(graph: Graph): Graph {
  let current = eliminateDeadCode(graph);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = ROUND.reduce((it, pass) => pass(it), current);
    if (next === current) break;
    current = next;
  }
  return current;
}
