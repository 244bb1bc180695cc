/**
 * The walk that most passes share: nodes in order, each kept or replaced by what a rule makes of it,
 * with later nodes reading the replacements. Nodes that nobody needs afterwards stay until ./dce.ts.
 */
import { GraphError } from "../errors.ts";
import { capturedValues, withInputs } from "../graph/captures.ts";
import {
  type Attributes,
  type Domain,
  type Graph,
  type Node,
  sameSpec,
  type Value,
  type ValueSpec,
} from "../graph/graph.ts";
import { printSpec } from "../graph/print.ts";

/**
 * What replaces the outputs of a node, whose inputs are already replaced; `null` keeps the node. The
 * replacements must have the specs of the outputs.
 */
export type Rule = (node: Node, rewriter: Rewriter) => Value | readonly Value[] | null;

/** What replaces a constant; `null` keeps it. */
export type ConstantRule = (constant: Value, rewriter: Rewriter) => Value | null;

/** What a rule may ask and do. */
export class Rewriter {
  /** The graph being made. Rules may add constants to it; nodes go through {@link node}. */
  readonly graph: Graph;
  readonly #uses = new Map<Value, number>();
  readonly #producers = new Map<Value, Node>();

  /** @param source the graph that is rewritten into `graph` */
  constructor(source: Graph, graph: Graph) {
    this.graph = graph;
    for (const node of source.nodes) this.#read(node);
    for (const value of source.outputs) this.addUses(value, 1);
  }

  /** Appends a node with one output and returns that output. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    output: ValueSpec,
    attributes: Attributes = {},
    domain: Domain = "",
  ): Value {
    const value = this.graph.node(op, inputs, output, attributes, domain);
    const node = this.graph.nodes.at(-1) as Node;
    this.#producers.set(value, node);
    this.#read(node);
    return value;
  }

  /** The node that produces `value`; `null` for inputs and constants. */
  producer(value: Value): Node | null {
    return this.#producers.get(value) ?? null;
  }

  /** The node that produces `value`, if it is `op` of the standard operators. */
  madeBy(value: Value | null | undefined, op: string): Node | null {
    const node = value ? this.producer(value) : null;
    return node?.op === op && node.domain === "" ? node : null;
  }

  /** Whether nobody but one node reads `value`. Errs on the side of `false` within one walk. */
  isReadOnce(value: Value): boolean {
    return this.#uses.get(value) === 1;
  }

  /** Appends an existing node. */
  keep(node: Node): void {
    this.graph.nodes.push(node);
    for (const value of node.outputs) this.#producers.set(value, node);
  }

  /** Notes that `count` more readers read `value`. */
  addUses(value: Value, count: number): void {
    this.#uses.set(value, (this.#uses.get(value) ?? 0) + count);
  }

  /** Notes that the readers of `before` read `after`. */
  moveUses(before: Value, after: Value): void {
    this.addUses(after, this.#uses.get(before) ?? 0);
  }

  #read(node: Node): void {
    for (const value of node.inputs) if (value !== null) this.addUses(value, 1);
    for (const value of capturedValues(node)) this.addUses(value, 1);
  }
}

/** Applies `rule` to every node, and `constantRule` to every constant before that. */
export function rewrite(graph: Graph, rule: Rule, constantRule?: ConstantRule): Graph {
  const result = graph.derive();
  const rewriter = new Rewriter(graph, result);
  const replacements = new Map<Value, Value>();
  const current = (value: Value): Value => replacements.get(value) ?? value;
  const replace = (before: Value, after: Value) => {
    if (before === after) return;
    if (!sameSpec(before, after)) {
      throw new GraphError(
        `rewrite ${graph.name}: expected ${printSpec(before)} in place of ${before.name}, got ` +
          `${printSpec(after)}. The pass is wrong.`,
      );
    }
    replacements.set(before, after);
    rewriter.moveUses(before, after);
  };
  if (constantRule) {
    for (const value of graph.constants) {
      const after = constantRule(value, rewriter);
      if (after !== null) replace(value, after);
    }
  }
  for (const before of graph.nodes) {
    const node = replacements.size === 0 ? before : withReplaced(before, current, replacements);
    const after = rule(node, rewriter);
    if (after === null) {
      rewriter.keep(node);
      continue;
    }
    const values = "name" in after ? [after] : after;
    node.outputs.forEach((value, i) => {
      replace(value, values[i] as Value);
    });
  }
  if (replacements.size === 0) return graph;
  result.outputs.push(...graph.outputs.map(current));
  return result;
}

/** The node itself where nothing it reads is replaced. */
function withReplaced(
  node: Node,
  current: (value: Value) => Value,
  replacements: ReadonlyMap<Value, Value>,
): Node {
  const reads = (value: Value | null) => value !== null && replacements.has(value);
  if (!node.inputs.some(reads) && !capturedValues(node).some(reads)) return node;
  return withInputs(node, current);
}
