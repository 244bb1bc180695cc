/**
 * Loads TensorFlow through @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, both optional. A
 * process loads at most one of them: each brings its own libtensorflow, and both register the same
 * backend. Loading one makes `tensorflow` the current backend; selectBackend decides afterwards.
 */
import { createRequire } from "node:module";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { UnavailableError } from "../errors.ts";
import { restoreRemovedUtil } from "./node-util-shim.ts";
import { explainLoadFailure, setupCommand, type TensorflowPackage } from "./tensorflow-failures.ts";

/** What this file reads of a loaded package. */
export interface TensorflowModule {
  readonly Tensor: unknown;
  readonly version_core: string;
}

/** What tfjs-node's backend tells beyond the tfjs interface. */
export interface TensorflowBackend {
  readonly isGPUPackage: boolean;
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** The parts of the world that loading depends on. */
export interface TensorflowHost {
  /** Loads a package, which registers the backend and makes it current. */
  require(packageName: TensorflowPackage): TensorflowModule;
  /** The `tensorflow` backend where one is already running in this process. */
  running(): TensorflowBackend | null;
}

const CPU_PACKAGE = "@tensorflow/tfjs-node";
const GPU_PACKAGE = "@tensorflow/tfjs-node-gpu";
const BACKEND_NAME = "tensorflow";

/**
 * Loads TensorFlow for a GPU.
 * @returns version and device
 * @throws UnavailableError when the package is absent or broken, or has no GPU that it can use
 */
export async function loadTensorflowGpu(host: TensorflowHost = nodeHost): Promise<string> {
  if (host.running()?.isGPUPackage === false) {
    throw new UnavailableError(
      `expected ${GPU_PACKAGE}, got a process that has already loaded ${CPU_PACKAGE}. Import only ` +
        "one of them.",
    );
  }
  const backend = load(GPU_PACKAGE, host);
  if (!backend.isUsingGpuDevice) {
    throw new UnavailableError(
      `expected a GPU that TensorFlow ${backend.binding.TF_Version} can use, got none. Check ` +
        "nvidia-smi, and that the CUDA and cuDNN versions which this TensorFlow was built for are " +
        "on LD_LIBRARY_PATH (CUDA 11.2 and cuDNN 8 for the library that the package downloads; a " +
        `newer one: \`${setupCommand(GPU_PACKAGE)}\`).`,
    );
  }
  return describe(GPU_PACKAGE, backend);
}

/**
 * Loads TensorFlow from whichever package is there.
 * @returns version and device
 * @throws UnavailableError when neither package works
 */
export async function loadTensorflow(host: TensorflowHost = nodeHost): Promise<string> {
  const running = host.running();
  if (running) {
    const name = running.isGPUPackage ? GPU_PACKAGE : CPU_PACKAGE;
    return describe(name, load(name, host));
  }
  try {
    return describe(CPU_PACKAGE, load(CPU_PACKAGE, host));
  } catch (error) {
    // Its failure is the one to report: on a CPU that package is the right one to install.
    try {
      return describe(GPU_PACKAGE, load(GPU_PACKAGE, host));
    } catch {
      throw error;
    }
  }
}

function load(name: TensorflowPackage, host: TensorflowHost): TensorflowBackend {
  restoreRemovedUtil(util);
  let module: TensorflowModule;
  try {
    module = host.require(name);
  } catch (error) {
    throw new UnavailableError(explainLoadFailure(name, error), { cause: error });
  }
  if (module.Tensor !== tf.Tensor) {
    throw new UnavailableError(
      `expected ${name} to share this program's @tensorflow/tfjs-core ${tf.version_core}, got a ` +
        `second copy (${module.version_core}). Run \`npm ls @tensorflow/tfjs-core\` and align the ` +
        "versions.",
    );
  }
  const backend = host.running();
  if (!backend) {
    throw new UnavailableError(`expected ${name} to start its backend, got none registered.`);
  }
  return backend;
}

function describe(name: TensorflowPackage, backend: TensorflowBackend): string {
  const device = backend.isUsingGpuDevice ? "GPU" : "CPU";
  return `TensorFlow ${backend.binding.TF_Version} on ${device} through ${name}`;
}

const nodeHost: TensorflowHost = {
  require: createRequire(import.meta.url),
  running: () => {
    // Not findBackend(): it would start a registered backend.
    const backend = tf.engine().registry[BACKEND_NAME];
    return backend ? (backend as tf.KernelBackend & TensorflowBackend) : null;
  },
};
