/** Runs graphs through the onnxruntime-node addon, so that tests of graphs need no backend. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { allocate, type DType, type HostArray, sameShape, sizeOf } from "../src/graph/dtypes.ts";
import type { Graph } from "../src/graph/graph.ts";
import { encodeModel } from "../src/onnx/encode.ts";

/** Session options under which ONNX Runtime computes what the graph says, node by node. */
export const UNOPTIMIZED: InferenceSession.SessionOptions = { graphOptimizationLevel: "disabled" };

/**
 * Compiles and runs `graph`; one array per graph output.
 * @param feeds missing ones are zeros
 * @throws when ONNX Runtime does, and when an output has not the shape that the graph declares
 */
export async function runGraph(
  graph: Graph,
  feeds: readonly HostArray[] = [],
  options: InferenceSession.SessionOptions = {},
): Promise<HostArray[]> {
  const model = encodeModel(graph);
  const session = await InferenceSession.create(model.bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    ...options,
  });
  try {
    const inputs = model.inputs.map(
      ({ name, dtype, shape }, i) => [name, tensor(dtype, feeds[i], shape)] as const,
    );
    const results = await session.run(Object.fromEntries(inputs));
    return model.outputs.map(({ name, shape }) => {
      const result = results[name];
      if (!result || !sameShape(result.dims, shape)) {
        throw new Error(`runGraph: expected ${name} of shape [${shape}], got [${result?.dims}].`);
      }
      return result.data as HostArray;
    });
  } finally {
    await session.release();
  }
}

function tensor(dtype: DType, data: HostArray | undefined, shape: readonly number[]): Tensor {
  const elements = data ?? allocate(dtype, sizeOf(shape));
  return new Tensor(dtype as "float32", elements as Float32Array, [...shape]);
}
