/** Small models and tensors for the tests of the runtimes. */
import { allocate, type DType, type HostArray, sizeOf } from "../../src/graph/dtypes.ts";
import { Graph, type Value } from "../../src/graph/graph.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { HostTensor, Model } from "../../src/runtime/runtime.ts";

/** A model from what `record` appends to a graph and returns as its outputs. */
export function modelOf(name: string, record: (graph: Graph) => Value[]): Model {
  const graph = new Graph(name);
  graph.outputs.push(...record(graph));
  return encodeModel(graph);
}

/** One operator, whose output has the type and shape of its one input. */
export function unary(op: string, shape: readonly number[], dtype: DType = "float32"): Model {
  return modelOf(op, (graph) => [graph.node(op, [graph.input(shape, dtype)], { shape, dtype })]);
}

/** `a * b`, elementwise, both float32 of `shape`. */
export function product(shape: readonly number[]): Model {
  return modelOf("product", (graph) => {
    const [a, b] = [graph.input(shape, "float32"), graph.input(shape, "float32")];
    return [graph.node("Mul", [a, b], a)];
  });
}

/** Matrix product of a `[size, size]` input with itself. */
export function squared(size: number): Model {
  const shape = [size, size];
  return modelOf("squared", (graph) => {
    const a = graph.input(shape, "float32");
    return [graph.node("MatMul", [a, a], a)];
  });
}

/** A float32 tensor over a copy of `values`. */
export function floats(shape: readonly number[], values: ArrayLike<number>): HostTensor {
  return { dtype: "float32", shape, data: Float32Array.from(values) };
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[], dtype: DType = "float32"): HostTensor {
  return { dtype, shape, data: allocate(dtype, sizeOf(shape)) };
}

/** A tensor of given memory. */
export function tensor(dtype: DType, shape: readonly number[], data: HostArray): HostTensor {
  return { dtype, shape, data };
}

/** Zeroed outputs of `model`. */
export function outputsOf(model: Model): HostTensor[] {
  return model.outputs.map(({ shape, dtype }) => zeros(shape, dtype));
}

/** Zeroed inputs of `model`. */
export function inputsOf(model: Model): HostTensor[] {
  return model.inputs.map(({ shape, dtype }) => zeros(shape, dtype));
}

/** Whole numbers from 0 to `below - 1`, equal for equal seeds (xorshift). */
export function integers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
