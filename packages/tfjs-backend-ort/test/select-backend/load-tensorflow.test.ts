import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../src/errors.ts";
import {
  loadTensorflow,
  loadTensorflowGpu,
  type TensorflowBackend,
  type TensorflowHost,
} from "../../src/select-backend/load-tensorflow.ts";
import type { TensorflowPackage } from "../../src/select-backend/tensorflow-failures.ts";

const CPU = "@tensorflow/tfjs-node";
const GPU = "@tensorflow/tfjs-node-gpu";

interface Installed {
  /** Packages that load. */
  readonly packages: readonly TensorflowPackage[];
  readonly gpuWorks?: boolean;
  /** The Tensor class of the tfjs-core that the packages use. */
  readonly Tensor?: unknown;
}

/** A process with some packages installed; nothing is loaded yet. */
function host({ packages, gpuWorks = false, Tensor = tf.Tensor }: Installed) {
  const loaded: string[] = [];
  let running: TensorflowBackend | null = null;
  const it: TensorflowHost & { loaded: string[] } = {
    loaded,
    running: () => running,
    require: (name) => {
      loaded.push(name);
      if (!packages.includes(name)) {
        const error = new Error(`Cannot find module '${name}'`);
        throw Object.assign(error, { code: "MODULE_NOT_FOUND" });
      }
      running ??= {
        isGPUPackage: name === GPU,
        isUsingGpuDevice: name === GPU && gpuWorks,
        binding: { TF_Version: "2.9.1" },
      };
      return { Tensor, version_core: "4.0.0" };
    },
  };
  return it;
}

describe("select-backend/load-tensorflow", () => {
  test("the GPU package with a GPU is described", async () => {
    await expect(loadTensorflowGpu(host({ packages: [GPU], gpuWorks: true }))).resolves.toBe(
      `TensorFlow 2.9.1 on GPU through ${GPU}`,
    );
  });

  test("the GPU package without a GPU does not count as one", async () => {
    const failure = loadTensorflowGpu(host({ packages: [GPU] }));
    await expect(failure).rejects.toThrow(UnavailableError);
    await expect(failure).rejects.toThrow("expected a GPU that TensorFlow 2.9.1 can use, got none");
  });

  test("the GPU package that found no GPU is kept for the CPU, not loaded beside another", async () => {
    const machine = host({ packages: [CPU, GPU] });
    await expect(loadTensorflowGpu(machine)).rejects.toThrow(UnavailableError);
    await expect(loadTensorflow(machine)).resolves.toBe(`TensorFlow 2.9.1 on CPU through ${GPU}`);
    expect(machine.loaded).not.toContain(CPU);
  });

  test("a process that runs the CPU package is not given the GPU package as well", async () => {
    const machine = host({ packages: [CPU, GPU], gpuWorks: true });
    await loadTensorflow(machine);
    await expect(loadTensorflowGpu(machine)).rejects.toThrow("Import only one of them");
    expect(machine.loaded).toEqual([CPU]);
  });

  test("the CPU is served by whichever package is installed", async () => {
    await expect(loadTensorflow(host({ packages: [CPU] }))).resolves.toContain(CPU);
    await expect(loadTensorflow(host({ packages: [GPU] }))).resolves.toContain(GPU);
  });

  test("with neither package the one for the CPU is advised", async () => {
    await expect(loadTensorflow(host({ packages: [] }))).rejects.toThrow(
      `expected ${CPU} to be installed, got no such package`,
    );
  });

  test("a package with its own copy of tfjs-core is refused", async () => {
    const machine = host({ packages: [CPU], Tensor: class Tensor {} });
    await expect(loadTensorflow(machine)).rejects.toThrow(
      `expected ${CPU} to share this program's @tensorflow/tfjs-core ${tf.version_core}, got a ` +
        "second copy (4.0.0). Run `npm ls @tensorflow/tfjs-core`",
    );
  });
});
