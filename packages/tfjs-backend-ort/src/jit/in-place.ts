/**
 * Finds variables that a program can update in place: caches of which each run writes a small part,
 * and sums that each run adds to. ONNX has no assignment, but an output may be given the memory of an
 * input: ONNX Runtime's scatters then copy nothing, and its additions read every element before they
 * write it.
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
    const [result] = node.outputs;
    // Only the first of equal outputs gets the node's own result, the others get copies of it.
    const index = result ? graph.outputs.indexOf(result) : -1;
    if (!result || index < 0) continue;
    const bases = writable(node).filter(
      (base) => sameSpec(base, result) && inputs.has(base) && reads.get(base) === 1,
    );
    if (bases.length > 0) found.set(index, bases);
  }
  return found;
}

/** Operands whose memory the node's result may take. */
function writable({ op, inputs: [first, second] }: Node): Value[] {
  if (SCATTERS.has(op) && first) return [first];
  return op === "Add" && first && second ? [first, second] : [];
}
