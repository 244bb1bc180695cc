/**
 * The one intermediate representation: a list of ONNX nodes over values of static shape, in the
 * order they were recorded. Handlers (../kernels) append to it, passes (../passes) rewrite it,
 * ../onnx encodes it. It computes nothing and knows nothing of tfjs.
 */
import { type DType, type HostArray, sameShape, sizeOf } from "./dtypes.ts";
import { printGraph } from "./print.ts";

/** One tensor of the graph: an input, a constant, or an output of a node. */
export interface Value {
  /** Unique within the graph that made it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The elements, for constants only. Never written after creation. */
  readonly data?: HostArray;
}

/** Attribute of an ONNX node; `graph` holds the body of Scan, Loop and If. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly graph: Graph };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** Operator set of a node: the ONNX standard ("") or ONNX Runtime's contributed operators. */
export type Domain = "" | "com.microsoft";

/** One operator. An optional input that is not given is `null`. */
export interface Node {
  readonly op: string;
  readonly domain: Domain;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** Shape and element type of a value that a node is about to produce. */
export interface ValueSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Nodes in topological order, with their inputs, constants and outputs. */
export class Graph {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly constants: Value[] = [];
  readonly nodes: Node[] = [];
  /** What the graph returns, in order. May repeat a value or name an input or a constant. */
  readonly outputs: Value[] = [];
  #names = 0;
  readonly #constantsByContent = new Map<string, Value>();

  constructor(name = "graph") {
    this.name = name;
  }

  /** Adds an input. */
  input(shape: readonly number[], dtype: DType): Value {
    const value = this.#value(shape, dtype);
    this.inputs.push(value);
    return value;
  }

  /**
   * Adds a constant; small ones with equal content are shared.
   * @param data elements, row-major; must not be written afterwards
   * @throws when `data` and `shape` disagree
   */
  constant(data: HostArray, shape: readonly number[], dtype: DType): Value {
    if (data.length !== sizeOf(shape)) {
      throw new Error(
        `Graph.constant: expected ${sizeOf(shape)} elements for shape [${shape}], got ${data.length}.`,
      );
    }
    const key = data.length <= 16 ? `${dtype}[${shape}]${contentKey(data)}` : null;
    const known = key === null ? undefined : this.#constantsByContent.get(key);
    if (known) return known;
    const value: Value = { ...this.#value(shape, dtype), data };
    this.constants.push(value);
    if (key !== null) this.#constantsByContent.set(key, value);
    return value;
  }

  /** A 1-D int64 constant: shapes, axes and bounds of ONNX operators. */
  ints(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], "int64");
  }

  /** A scalar constant of `dtype`. */
  scalar(value: number, dtype: DType = "float32"): Value {
    return this.fill(value, [], dtype);
  }

  /** A constant of `shape` with every element equal to `value`. Small: it is stored in full. */
  fill(value: number, shape: readonly number[], dtype: DType): Value {
    const size = sizeOf(shape);
    switch (dtype) {
      case "float32":
        return this.constant(new Float32Array(size).fill(value), shape, dtype);
      case "float64":
        return this.constant(new Float64Array(size).fill(value), shape, dtype);
      case "int32":
        return this.constant(new Int32Array(size).fill(value), shape, dtype);
      case "int64":
        return this.constant(new BigInt64Array(size).fill(BigInt(value)), shape, dtype);
      default:
        return this.constant(new Uint8Array(size).fill(value), shape, dtype);
    }
  }

  /** Appends a node with one output and returns that output. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    output: ValueSpec,
    attributes: Attributes = {},
    domain: Domain = "",
  ): Value {
    const [value] = this.multiNode(op, inputs, [output], attributes, domain);
    return value as Value;
  }

  /** Appends a node with several outputs and returns them in order. */
  multiNode(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly ValueSpec[],
    attributes: Attributes = {},
    domain: Domain = "",
  ): Value[] {
    const values = outputs.map((spec) => this.#value(spec.shape, spec.dtype));
    this.nodes.push({ op, domain, inputs, outputs: values, attributes });
    return values;
  }

  /**
   * A graph to rewrite this one into: same name, inputs and constants, no nodes or outputs yet. It
   * may hold values of this graph; names of its own values differ from theirs.
   * @param keep which constants it has
   */
  derive(keep: (constant: Value) => boolean = () => true): Graph {
    const derived = new Graph(this.name);
    derived.#names = this.#names;
    derived.inputs.push(...this.inputs);
    for (const value of this.constants) if (keep(value)) derived.constants.push(value);
    for (const [key, value] of this.#constantsByContent) {
      if (keep(value)) derived.#constantsByContent.set(key, value);
    }
    return derived;
  }

  /** The graph as text, see {@link printGraph}. */
  toString(): string {
    return printGraph(this);
  }

  #value(shape: readonly number[], dtype: DType): Value {
    return { name: `v${this.#names++}`, shape: [...shape], dtype };
  }
}

/** Whether two values have the same shape and element type. */
export function sameSpec(a: ValueSpec, b: ValueSpec): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

// -0 and NaN payloads must not merge with 0 and other NaNs, hence bytes and not numbers.
function contentKey(data: HostArray): string {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).join();
}
