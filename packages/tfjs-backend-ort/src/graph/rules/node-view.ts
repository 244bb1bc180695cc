/**
 * A node as the rules see it: typed access to inputs and attributes, and failures that say where.
 */
import { GraphError } from "../../errors.ts";
import type { DType } from "../dtypes.ts";
import type { Attribute, Graph, Node, Value, ValueSpec } from "../graph.ts";
import { printSpec } from "../print.ts";

/**
 * Checks one node and says what its outputs must be; `null` for an output that follows from data
 * which is not constant. @throws GraphError through {@link NodeView.fail}
 */
export type Rule = (node: NodeView) => readonly (ValueSpec | null)[];

/** Rules by op. */
export type RuleTable = Readonly<Record<string, Rule>>;

/** One node of a graph under verification. */
export class NodeView {
  readonly node: Node;
  readonly #graph: Graph;

  constructor(node: Node, graph: Graph) {
    this.node = node;
    this.#graph = graph;
  }

  /** @throws GraphError naming graph, op and shapes */
  fail(expected: string, actual: string): never {
    const { op, inputs, outputs } = this.node;
    const results = outputs.map(({ name }) => name).join(", ");
    const given = inputs.map((it) => (it === null ? "_" : `${it.name}: ${printSpec(it)}`));
    throw new GraphError(
      `verify ${this.#graph.name}: ${results} = ${op}(${given.join(", ")}): expected ${expected}, ` +
        `got ${actual}. The handler or pass that recorded this node is wrong.`,
    );
  }

  /** Checks the number of inputs, given or omitted. */
  arity(least: number, most: number = least): void {
    const count = this.node.inputs.length;
    if (count >= least && count <= most) return;
    this.fail(least === most ? `${least} inputs` : `${least} to ${most} inputs`, `${count}`);
  }

  /** Input `i`, which must be given. */
  input(i: number): Value {
    return this.node.inputs[i] ?? this.fail(`input ${i} to be given`, "none");
  }

  /** Input `i`, or `null` where it is omitted. */
  optional(i: number): Value | null {
    return this.node.inputs[i] ?? null;
  }

  /** All inputs, none of which may be omitted. */
  all(): Value[] {
    return this.node.inputs.map((_, i) => this.input(i));
  }

  /** Checks that all `values` have one element type and returns it. */
  commonType(values: readonly Value[]): DType {
    const dtype = values[0]?.dtype ?? this.fail("inputs", "none");
    for (const value of values) {
      if (value.dtype !== dtype) this.fail(`${value.name} to be ${dtype}`, value.dtype);
    }
    return dtype;
  }

  /** Checks that `value` has one of the element types `dtypes`. */
  typed(value: Value, ...dtypes: readonly DType[]): void {
    if (!dtypes.includes(value.dtype)) {
      this.fail(`${value.name} to be ${dtypes.join(" or ")}`, value.dtype);
    }
  }

  /** Checks that `value` has `rank` dimensions. */
  ranked(value: Value, rank: number): void {
    if (value.shape.length !== rank) {
      this.fail(`${value.name} to have rank ${rank}`, `${value.shape.length}`);
    }
  }

  /** An integer attribute. */
  int(name: string, fallback?: number): number {
    const attribute = this.#attribute(name);
    if (attribute !== undefined && "int" in attribute) return attribute.int;
    if (attribute === undefined && fallback !== undefined) return fallback;
    return this.fail(`an integer attribute ${name}`, attribute === undefined ? "none" : "another");
  }

  /** An attribute that is a list of integers; `null` where it is absent. */
  ints(name: string): readonly number[] | null {
    const attribute = this.#attribute(name);
    if (attribute === undefined) return null;
    return "ints" in attribute ? attribute.ints : this.fail(`integers in ${name}`, "another");
  }

  /** A string attribute. */
  string(name: string, fallback: string): string {
    const attribute = this.#attribute(name);
    if (attribute === undefined) return fallback;
    return "string" in attribute ? attribute.string : this.fail(`a string in ${name}`, "another");
  }

  /** The body in attribute `name`. */
  body(name: string): Graph {
    const attribute = this.#attribute(name);
    return attribute !== undefined && "graph" in attribute
      ? attribute.graph
      : this.fail(`a graph in ${name}`, "none");
  }

  /** Whether attribute `name` is given. */
  has(name: string): boolean {
    return this.#attribute(name) !== undefined;
  }

  /** `axis` counted from the front, checked against `rank`. */
  normalize(axis: number, rank: number): number {
    if (axis < -rank || axis >= rank || !Number.isInteger(axis)) {
      this.fail(`an axis in [${-rank}, ${rank})`, `${axis}`);
    }
    return axis < 0 ? axis + rank : axis;
  }

  /** Distinct `axes` counted from the front, checked against `rank`. */
  normalizeAll(axes: readonly number[], rank: number): Set<number> {
    const set = new Set(axes.map((axis) => this.normalize(axis, rank)));
    if (set.size !== axes.length) this.fail("distinct axes", `[${axes}]`);
    return set;
  }

  /** The elements of an integer vector or scalar input; `null` unless it is a constant. */
  integers(i: number, ...dtypes: readonly DType[]): number[] | null {
    const value = this.input(i);
    if (dtypes.length === 0) this.typed(value, "int64");
    else this.typed(value, ...dtypes);
    if (value.shape.length > 1) this.ranked(value, 1);
    return value.data === undefined
      ? null
      : Array.from<number | bigint, number>(value.data, Number);
  }

  /** The shape that `shapes` broadcast to. */
  broadcast(...shapes: readonly (readonly number[])[]): number[] {
    const rank = Math.max(...shapes.map((shape) => shape.length));
    const result = new Array<number>(rank).fill(1);
    for (const shape of shapes) {
      const offset = rank - shape.length;
      for (let i = 0; i < shape.length; i++) {
        const dim = shape[i] as number;
        if (dim === 1 || dim === result[offset + i]) continue;
        if (result[offset + i] !== 1) {
          this.fail("shapes that broadcast", shapes.map((it) => `[${it}]`).join(" and "));
        }
        result[offset + i] = dim;
      }
    }
    return result;
  }

  #attribute(name: string): Attribute | undefined {
    return this.node.attributes[name];
  }
}
