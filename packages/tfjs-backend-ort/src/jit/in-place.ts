/**
 * Finds variables that a program can update in place: caches of which each run writes a small part.
 * ONNX has no assignment, but ONNX Runtime's scatters copy nothing when their output is given the
 * memory of their input.
 */
import { capturedValues } from "../graph/captures.ts";
import { type Graph, sameSpec, type Value } from "../graph/graph.ts";

const SCATTERS: ReadonlySet<string> = new Set(["ScatterElements", "ScatterND"]);

/**
 * The inputs that outputs may be written over, by index of the output: an output is the result of
 * scattering into an input that nothing else reads.
 */
export function overwrites(graph: Graph): ReadonlyMap<number, Value> {
  const inputs = new Set(graph.inputs);
  const reads = new Map<Value, number>();
  const read = (value: Value | null): void => {
    if (value) reads.set(value, (reads.get(value) ?? 0) + 1);
  };
  for (const node of graph.nodes) [...node.inputs, ...capturedValues(node)].forEach(read);
  graph.outputs.forEach(read);
  const found = new Map<number, Value>();
  for (const { op, inputs: operands, outputs } of graph.nodes) {
    const [base] = operands;
    const [result] = outputs;
    if (!SCATTERS.has(op) || !base || !result || !sameSpec(base, result)) continue;
    // Only the first of equal outputs gets the scatter's own result, the others get copies of it.
    const index = graph.outputs.indexOf(result);
    if (index >= 0 && inputs.has(base) && reads.get(base) === 1) found.set(index, base);
  }
  return found;
}
