/**
 * Checks a graph before it reaches native code, where a malformed one can end the process instead of
 * throwing. Structure first, then one rule per operator (./rules); operators without a rule are left
 * to ONNX Runtime. Linear in the size of the graph.
 */
import { GraphError } from "../errors.ts";
import { allocate, isDType, sizeOf } from "./dtypes.ts";
import { type Graph, type Node, sameSpec, type Value } from "./graph.ts";
import { printSpec } from "./print.ts";
import { ATTENTION_CONTRIB_RULES } from "./rules/attention.ts";
import { CONTROL_RULES } from "./rules/control.ts";
import { ELEMENTWISE_CONTRIB_RULES, ELEMENTWISE_RULES } from "./rules/elementwise.ts";
import { INDEXING_RULES } from "./rules/indexing.ts";
import { MATMUL_CONTRIB_RULES, MATMUL_RULES } from "./rules/matmul.ts";
import { MOVEMENT_RULES } from "./rules/movement.ts";
import { NodeView, type Rule } from "./rules/node-view.ts";
import { REDUCTION_RULES } from "./rules/reduction.ts";
import { WINDOW_RULES } from "./rules/window.ts";

const RULES: Readonly<Record<string, ReadonlyMap<string, Rule>>> = {
  "": new Map(
    Object.entries({
      ...ELEMENTWISE_RULES,
      ...MOVEMENT_RULES,
      ...INDEXING_RULES,
      ...MATMUL_RULES,
      ...REDUCTION_RULES,
      ...WINDOW_RULES,
      ...CONTROL_RULES,
    }),
  ),
  "com.microsoft": new Map(
    Object.entries({
      ...ELEMENTWISE_CONTRIB_RULES,
      ...MATMUL_CONTRIB_RULES,
      ...ATTENTION_CONTRIB_RULES,
    }),
  ),
};

/**
 * Checks that values are defined once and before use, names are unique, shapes and types are known,
 * constants have their elements, and every operator gets what it accepts and gives what is declared.
 * @throws GraphError naming graph, node and shapes
 */
export function verify(graph: Graph): void {
  verifyScope(graph, () => false);
}

/** @param outer whether a value belongs to a graph around this one */
function verifyScope(graph: Graph, outer: (value: Value) => boolean): void {
  const defined = new Set<Value>();
  const names = new Set<string>();
  const define = (value: Value) => {
    verifyValue(graph, value);
    if (names.has(value.name)) fail(graph, "unique names", `${value.name} twice`);
    names.add(value.name);
    defined.add(value);
  };
  const known = (value: Value) => defined.has(value) || outer(value);
  for (const value of graph.inputs) {
    define(value);
    if (value.data) fail(graph, `input ${value.name} without elements`, "a constant");
  }
  for (const value of graph.constants) {
    define(value);
    verifyConstant(graph, value);
  }
  for (const node of graph.nodes) {
    for (const value of node.inputs) {
      if (value !== null && !known(value)) {
        fail(graph, `${node.op} to read values defined before it`, `${value.name}`);
      }
    }
    verifyAttributes(graph, node, known);
    verifyOperator(graph, node);
    for (const value of node.outputs) define(value);
  }
  for (const value of graph.outputs) {
    if (!known(value)) fail(graph, "outputs that the graph defines", value.name);
  }
}

function verifyValue(graph: Graph, value: Value): void {
  const { name, shape, dtype } = value;
  if (name === "") fail(graph, "values with names", "an empty one");
  if (!isDType(dtype)) fail(graph, `a known element type for ${name}`, `${dtype}`);
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      fail(graph, `a shape of non-negative integers for ${name}`, `[${shape}]`);
    }
  }
}

function verifyConstant(graph: Graph, { name, shape, dtype, data }: Value): void {
  if (data === undefined) fail(graph, `elements for constant ${name}`, "none");
  if (data.length !== sizeOf(shape)) {
    fail(graph, `${sizeOf(shape)} elements for constant ${name} [${shape}]`, `${data.length}`);
  }
  if (data.constructor !== allocate(dtype, 0).constructor) {
    fail(graph, `${dtype} elements for constant ${name}`, data.constructor.name);
  }
}

function verifyAttributes(graph: Graph, node: Node, known: (value: Value) => boolean): void {
  for (const name in node.attributes) {
    const attribute = node.attributes[name];
    if (attribute === undefined) continue;
    if ("graph" in attribute) verifyScope(attribute.graph, known);
    const integers =
      "int" in attribute ? [attribute.int] : "ints" in attribute ? attribute.ints : [];
    for (const value of integers) {
      if (!Number.isSafeInteger(value)) fail(graph, `integers in ${node.op}.${name}`, `${value}`);
    }
  }
}

function verifyOperator(graph: Graph, node: Node): void {
  const { op, domain, outputs } = node;
  if (outputs.length === 0) fail(graph, `${op} to have outputs`, "none");
  const rules = RULES[domain];
  if (rules === undefined) fail(graph, `a known domain for ${op}`, `${domain}`);
  const rule = rules.get(op);
  if (rule === undefined) return;
  const view = new NodeView(node, graph);
  const expected = rule(view);
  if (expected.length !== outputs.length) {
    view.fail(`${expected.length} outputs`, `${outputs.length}`);
  }
  outputs.forEach((value, i) => {
    const spec = expected[i];
    if (spec && !sameSpec(spec, value)) {
      view.fail(`${value.name} to be ${printSpec(spec)}`, printSpec(value));
    }
  });
}

function fail(graph: Graph, expected: string, actual: string): never {
  throw new GraphError(
    `verify ${graph.name}: expected ${expected}, got ${actual}. The handler or pass that recorded ` +
      "it is wrong.",
  );
}
