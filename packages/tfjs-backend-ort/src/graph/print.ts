/**
 * Graphs as text, for reading and for tests: one line per node with types and attributes, small
 * constants written where they are used, bodies of loops indented, and in a body `^` before values
 * of the graph around it. It is not parsed back.
 */
import type { Attribute, Graph, Node, Value, ValueSpec } from "./graph.ts";

/** Constants up to this many elements are written in full where they are used. */
const INLINE_ELEMENTS = 8;
/** How many elements of a larger constant are shown. */
const SHOWN_ELEMENTS = 4;

/** The text of `graph`. */
export function printGraph(graph: Graph): string {
  return printLines(graph, null).join("\n");
}

/** `float32[2,3]`; a scalar has no brackets. */
export function printSpec({ dtype, shape }: ValueSpec): string {
  return shape.length === 0 ? dtype : `${dtype}[${shape}]`;
}

type PrintUse = (value: Value) => string;

/** @param own the values of a body, to tell them from those of the graph around it */
function printLines(graph: Graph, own: ReadonlySet<Value> | null): string[] {
  const use: PrintUse = (value) => {
    if (isInline(value)) return printConstant(value);
    return own === null || own.has(value) ? value.name : `^${value.name}`;
  };
  const inputs = graph.inputs.map((value) => `${value.name}: ${printSpec(value)}`);
  return [
    `${graph.name}(${inputs.join(", ")}) {`,
    ...graph.constants
      .filter((value) => !isInline(value))
      .map((value) => `  ${value.name}: ${printSpec(value)} = constant ${printData(value)}`),
    ...graph.nodes.flatMap((node) => printNode(node, use)).map((line) => `  ${line}`),
    `  return ${graph.outputs.map(use).join(", ")}`,
    "}",
  ];
}

function printNode(node: Node, use: PrintUse): string[] {
  const outputs = node.outputs.map((value) => `${value.name}: ${printSpec(value)}`);
  const op = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  const plain: string[] = [];
  const bodies: string[] = [];
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if ("graph" in attribute) {
      const [head, ...rest] = printLines(attribute.graph, ownValues(attribute.graph));
      bodies.push(`  ${name} = ${head}`, ...rest.map((line) => `  ${line}`));
    } else {
      plain.push(`${name}: ${printAttribute(attribute)}`);
    }
  }
  const attributes = plain.length === 0 ? "" : ` {${plain.join(", ")}}`;
  const inputs = node.inputs.map((value) => (value === null ? "_" : use(value)));
  return [`${outputs.join(", ")} = ${op}(${inputs.join(", ")})${attributes}`, ...bodies];
}

function printAttribute(attribute: Exclude<Attribute, { graph: Graph }>): string {
  if ("int" in attribute) return String(attribute.int);
  if ("float" in attribute) return `${attribute.float}f`;
  if ("string" in attribute) return JSON.stringify(attribute.string);
  return `[${"ints" in attribute ? attribute.ints.join(", ") : attribute.floats.join(", ")}]`;
}

function ownValues({ inputs, constants, nodes }: Graph): Set<Value> {
  return new Set([...inputs, ...constants, ...nodes.flatMap(({ outputs }) => outputs)]);
}

function printConstant(value: Value): string {
  // The length of a vector shows in its elements.
  const type = value.shape.length === 1 ? value.dtype : printSpec(value);
  return `${type} ${printData(value)}`;
}

function isInline({ data }: Value): boolean {
  return data !== undefined && data.length <= INLINE_ELEMENTS;
}

function printData({ data, shape }: Value): string {
  if (data === undefined) return "?";
  const shown = data.length <= INLINE_ELEMENTS ? data : data.subarray(0, SHOWN_ELEMENTS);
  const elements = Array.from<number | bigint, string>(shown, printElement);
  if (shape.length === 0) return elements[0] ?? "?";
  if (shown.length < data.length) elements.push(`... ${data.length} elements`);
  return `[${elements.join(", ")}]`;
}

/** At most seven digits, which tell apart what matters in a float32; -0 keeps its sign. */
function printElement(element: number | bigint): string {
  if (typeof element === "bigint" || Number.isInteger(element)) {
    return Object.is(element, -0) ? "-0" : String(element);
  }
  return String(Number(element.toPrecision(7)));
}
