/** Common-subexpression elimination. */
import { hasBody } from "../graph/captures.ts";
import type { HostArray } from "../graph/dtypes.ts";
import { type Graph, type Node, sameSpec, type Value } from "../graph/graph.ts";
import { rewrite } from "./rewrite.ts";

/** Operators that give something else each time they run. */
const RANDOM_OPS: ReadonlySet<string> = new Set([
  ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
  ...["Bernoulli", "Multinomial", "Dropout"],
]);

/**
 * Computes equal things once: nodes with the same operator, attributes and inputs become one, as do
 * constants over the same memory. Loops are never merged.
 */
export function eliminateCommonSubexpressions(graph: Graph): Graph {
  const nodes = new Map<string, Node>();
  const constants = new Map<HostArray, Value[]>();
  return rewrite(
    graph,
    (node) => {
      if (RANDOM_OPS.has(node.op) || hasBody(node)) return null;
      const key = keyOf(node);
      const known = nodes.get(key);
      if (known) return known.outputs;
      nodes.set(key, node);
      return null;
    },
    (constant) => {
      const sharing = constant.data && constants.get(constant.data);
      const known = sharing?.find((value) => sameSpec(value, constant));
      if (known) return known;
      if (sharing) sharing.push(constant);
      else if (constant.data) constants.set(constant.data, [constant]);
      return null;
    },
  );
}

/** Outputs belong to the key, because their number and types are not always implied. */
function keyOf({ op, domain, inputs, outputs, attributes }: Node): string {
  let key = `${domain}.${op}(`;
  for (const value of inputs) key += value === null ? "_," : `${value.name},`;
  for (const { dtype, shape } of outputs) key += `)${dtype}[${shape}]`;
  for (const name of Object.keys(attributes).sort()) {
    key += `;${name}=${JSON.stringify(attributes[name], exactNumber)}`;
  }
  return key;
}

/** JSON writes -0 as 0 and everything that is not finite as null. */
function exactNumber(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return Object.is(value, -0) ? "-0" : `${value}`;
}
