/**
 * One recording: maps the tensors that a traced function touches to values of a graph. Tensors made
 * while tracing from plain numbers become constants; tensors that existed before become inputs
 * ("captures"), so that a model's weights are never copied into the compiled model, unless they are
 * declared constant: then the model names them.
 */
import type { DataId, TensorInfo } from "@tensorflow/tfjs-core";
import { TraceError } from "../errors.ts";
import { type HostArray, isDType, sameShape, sizeOf } from "../graph/dtypes.ts";
import { Graph, type Value } from "../graph/graph.ts";
import { asHostArray } from "./host-array.ts";

/** Captured tensors up to this size are folded into the graph: scalars such as a fixed beta. */
const MAX_FOLDED_CAPTURE = 16;

/** A tensor that existed before the trace. */
export interface Capture {
  readonly dataId: DataId;
  /** Shape the tensor had when it was first read. */
  readonly shape: readonly number[];
  readonly value: Value;
}

/** What a trace reads of the backend's storage. */
export interface HostEntry {
  /** Absent for symbolic tensors. */
  readonly values?: unknown;
}

/** The graph being recorded and the meaning of tensors in it. */
export class Trace {
  readonly graph: Graph;
  /** Fed on every run. */
  readonly captures: Capture[] = [];
  /** Constants of the program that nobody copied. */
  readonly shared: (Capture & { readonly data: HostArray })[] = [];
  readonly #values = new WeakMap<DataId, Value>();
  readonly #madeHere = new WeakSet<DataId>();
  readonly #live: ReadonlySet<DataId>;
  readonly #isConstant: (dataId: DataId) => boolean;

  /**
   * @param name for messages
   * @param variables data of the variables: always fed, whatever their size, since they change
   * @param isConstant which other tensors need not be fed
   */
  constructor(
    name: string,
    variables: ReadonlySet<DataId>,
    isConstant: (dataId: DataId) => boolean = () => false,
  ) {
    this.graph = new Graph(name);
    this.#live = variables;
    this.#isConstant = isConstant;
  }

  /** Declares that the tensor `dataId` stands for `value`. */
  bind(dataId: DataId, value: Value): void {
    this.#values.set(dataId, value);
  }

  /** Notes that a host tensor was made while tracing: a constant of the program. */
  noteConstant(dataId: DataId): void {
    this.#madeHere.add(dataId);
  }

  /** Whether the tensor's elements are unknown until the graph runs. */
  isSymbolic(dataId: DataId): boolean {
    return this.#values.has(dataId) || this.#live.has(dataId);
  }

  /** The value of a tensor in this graph, with the tensor's shape. */
  value(info: TensorInfo, entry: HostEntry): Value {
    const value = this.#values.get(info.dataId) ?? this.#import(info, entry);
    if (sameShape(value.shape, info.shape)) return value;
    const shape = this.graph.ints(info.shape);
    return this.graph.node("Reshape", [value, shape], { shape: info.shape, dtype: value.dtype });
  }

  #import(info: TensorInfo, entry: HostEntry): Value {
    const { dataId, shape, dtype } = info;
    if (!isDType(dtype)) {
      throw new TraceError(
        `jit ${this.graph.name}: expected float32, int32 or bool tensors, got ${dtype} of shape ` +
          `[${shape}]. Keep ${dtype} tensors outside the compiled function.`,
      );
    }
    if (entry.values === undefined) {
      throw new TraceError(
        `jit ${this.graph.name}: expected tensors of this trace, got a tensor that another trace ` +
          "made. Return it from the function that computes it and pass it as an argument.",
      );
    }
    const data = asHostArray(entry.values, dtype);
    const small = sizeOf(shape) <= MAX_FOLDED_CAPTURE && !this.#live.has(dataId);
    let value: Value;
    if (this.#madeHere.has(dataId) || small) {
      // A copy: tf.tensor(typedArray) aliases the caller's array, which may be written later.
      value = this.graph.constant(data.slice(), shape, dtype);
    } else if (this.#isConstant(dataId) && !this.#live.has(dataId)) {
      value = this.graph.constant(data, shape, dtype);
      this.shared.push({ dataId, shape: [...shape], value, data });
    } else {
      value = this.graph.input(shape, dtype);
      this.captures.push({ dataId, shape: [...shape], value });
    }
    this.#values.set(dataId, value);
    return value;
  }
}
