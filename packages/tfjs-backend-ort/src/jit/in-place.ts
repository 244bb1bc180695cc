/**
 * Finds variables that a program can update in place: caches of which each run writes a small part,
 * and sums that each run adds to. ONNX has no assignment, but an output may be given the memory of an
 * input: ONNX Runtime's scatters and attention with a cache then copy nothing, and its additions read
 * every element before they write it.
 */
import { capturedValues } from "../graph/captures.ts";
import { type Graph, type Node, sameSpec, type Value } from "../graph/graph.ts";

const SCATTERS: ReadonlySet<string> = new Set(["ScatterElements", "ScatterND"]);

/**
 * The inputs that outputs may be written over, by index of the output: an output is the result of
 * scattering into, or adding to, an input that nothing else reads.
 */
export function overwrites(graph: Graph): ReadonlyMap<number, readonly Value[]> {
  const inputs = new Set(graph.inputs);
  const reads = new Map<Value, number>();
  const read = (value: Value | null): void => {
    if (value) reads.set(value, (reads.get(value) ?? 0) + 1);
  };
  for (const node of graph.nodes) [...node.inputs, ...capturedValues(node)].forEach(read);
  graph.outputs.forEach(read);
  const found = new Map<number, readonly Value[]>();
  for (const node of graph.nodes) {
    for (const [result, operands] of writable(node)) {
      // Only the first of equal outputs gets the node's own result, the others get copies of it.
      const index = graph.outputs.indexOf(result);
      if (index < 0) continue;
      const bases = operands.filter(
        (base) => sameSpec(base, result) && inputs.has(base) && reads.get(base) === 1,
      );
      if (bases.length > 0) found.set(index, bases);
    }
  }
  return found;
}

/** Results that may take the memory of operands, and these. */
function writable({ op, inputs, outputs }: Node): (readonly [Value, readonly Value[]])[] {
  const [first, second, , keys, values] = inputs;
  const [result, newKeys, newValues] = outputs;
  if (SCATTERS.has(op) && result && first) return [[result, [first]]];
  if (op === "Add" && result && first && second) return [[result, [first, second]]];
  if (op !== "GroupQueryAttention" || !newKeys || !newValues || !keys || !values) return [];
  return [
    [newKeys, [keys]],
    [newValues, [values]],
  ];
}
