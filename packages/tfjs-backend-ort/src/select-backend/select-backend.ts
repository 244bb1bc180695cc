/**
 * selectBackend(): one call that finds the fastest backend a machine has, or the one asked for,
 * makes it current and says why. The order is in ./choose.ts. Nothing is installed or downloaded.
 */
import * as tf from "@tensorflow/tfjs-core";
import { UnavailableError } from "../errors.ts";
import type { RuntimeOptions } from "../runtime/runtime.ts";
import {
  type BackendChoice,
  type BackendName,
  type Candidate,
  chooseBackend,
  type Loader,
  type Selection,
} from "./choose.ts";
import { loadOrt } from "./load-ort.ts";
import { loadTensorflow, loadTensorflowGpu } from "./load-tensorflow.ts";
import { loadWasm } from "./load-wasm.ts";

/**
 * Options of {@link selectBackend}: threads and runtime of `ort`. TensorFlow takes its threads from
 * the environment's `TF_NUM_INTRAOP_THREADS`; `wasm` and `cpu` run one.
 */
export type SelectBackendOptions = RuntimeOptions;

/**
 * Makes a tfjs backend current: `auto` takes the first of TensorFlow on a GPU, `ort`, TensorFlow
 * on CPU, `wasm` and `cpu` that loads and multiplies two matrices correctly. Packages other than
 * this one's dependencies are optional and are only imported when their turn comes.
 * @returns the name in tfjs, the reason, and every attempt with what was missing
 * @throws UnavailableError when an explicit choice cannot work; the message says what is missing
 *   and how to get it, and the backend that was current before stays current
 */
export async function selectBackend(
  choice: BackendChoice = "auto",
  options: SelectBackendOptions = {},
): Promise<Selection> {
  const before = tf.engine().backendName;
  try {
    return await chooseBackend(choice, loaders(options), activate);
  } catch (error) {
    if (before && before !== tf.engine().backendName) await tf.setBackend(before);
    throw error;
  }
}

function loaders(options: SelectBackendOptions): Readonly<Record<Candidate, Loader>> {
  return {
    "tensorflow-gpu": () => loadTensorflowGpu(),
    ort: () => loadOrt(options),
    "tensorflow-cpu": () => loadTensorflow(),
    wasm: () => loadWasm(options.threads),
    cpu: async () => {
      const { version_cpu } = await import("@tensorflow/tfjs-backend-cpu");
      return `plain JavaScript ${version_cpu}, one thread`;
    },
  };
}

/** Makes `name` current and multiplies two matrices on it: drivers that load can still fail. */
async function activate(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) {
    throw new UnavailableError(
      `expected backend "${name}" to start, got a failure that tfjs printed above.`,
    );
  }
  await tf.ready();
  const product = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.matMul(x, x);
  });
  const values = await product.data();
  product.dispose();
  const expected = [7, 10, 15, 22];
  if (!expected.every((value, i) => values[i] === value)) {
    throw new UnavailableError(
      `expected backend "${name}" to multiply [[1, 2], [3, 4]] by itself to [${expected}], got ` +
        `[${values}].`,
    );
  }
}
