/**
 * Bodies of loops read values of the graph around them by identity. What passes must know of that:
 * which values a node's bodies read, and how to make them read others.
 */
import type { Graph, Node, Value } from "./graph.ts";

/** Whether `node` has a graph among its attributes. */
export function hasBody(node: Node): boolean {
  for (const name in node.attributes) if ("graph" in (node.attributes[name] ?? {})) return true;
  return false;
}

/** Values from outside that the bodies of `node` read, at any depth; may repeat. */
export function capturedValues(node: Node): Value[] {
  const found: Value[] = [];
  if (!hasBody(node)) return found;
  for (const attribute of Object.values(node.attributes)) {
    if (!("graph" in attribute)) continue;
    const body = attribute.graph;
    const own = new Set<Value>([...body.inputs, ...body.constants]);
    const use = (value: Value | null) => {
      if (value !== null && !own.has(value)) found.push(value);
    };
    for (const inner of body.nodes) {
      for (const value of inner.inputs) use(value);
      for (const value of capturedValues(inner)) use(value);
      for (const value of inner.outputs) own.add(value);
    }
    for (const value of body.outputs) use(value);
  }
  return found;
}

/** `node` with every value it reads, bodies included, replaced by what `replace` says. */
export function withInputs(node: Node, replace: (value: Value) => Value): Node {
  const inputs = node.inputs.map((value) => value && replace(value));
  if (!hasBody(node)) return { ...node, inputs };
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => {
    if (!("graph" in attribute)) return [name, attribute] as const;
    return [name, { graph: replaceInBody(attribute.graph, replace) }] as const;
  });
  return { ...node, inputs, attributes: Object.fromEntries(attributes) };
}

/** `replace` knows no values of the body itself, so those stay. */
function replaceInBody(body: Graph, replace: (value: Value) => Value): Graph {
  const replaced = body.derive();
  replaced.nodes.push(...body.nodes.map((node) => withInputs(node, replace)));
  replaced.outputs.push(...body.outputs.map(replace));
  return replaced;
}
