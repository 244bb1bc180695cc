/** Constant folding. */
import type { Graph, Node } from "../graph/graph.ts";
import { evaluate } from "./evaluate.ts";
import { rewrite } from "./rewrite.ts";
import { MIN_UNIFORM_ELEMENTS } from "./uniform.ts";

/** Larger results stay computed at run time: they would only make the model larger. */
const MAX_ELEMENTS = 64;

/** Computes small nodes all of whose inputs are constants; bit for bit what ONNX Runtime computes. */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, { graph: result }) => {
    const [output, ...others] = node.outputs;
    if (output === undefined || others.length > 0 || node.domain !== "") return null;
    const data = evaluate(node, maxElements(node));
    return data && result.constant(data, output.shape, output.dtype);
  });
}

/** Expansions that ./uniform.ts would make of the result stay what they are. */
function maxElements({ op }: Node): number {
  return op === "Expand" ? MIN_UNIFORM_ELEMENTS - 1 : MAX_ELEMENTS;
}
