/**
 * Run as a process: loads the package named on the command line, multiplies two matrices and
 * prints a {@link Report} as one line of JSON. Fails loudly when anything is wrong.
 */
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorflowBackend } from "../../src/select-backend/load-tensorflow.ts";
import { restoreRemovedUtil } from "../../src/select-backend/node-util-shim.ts";

/** What the verification found. */
export interface Report {
  /** Of libtensorflow, for example "2.21.0". */
  readonly version: string;
  readonly gpu: boolean;
  /** Milliseconds to load the package with its library. */
  readonly loadMs: number;
  /** Milliseconds of one 512 x 512 x 512 product, the best of 5. */
  readonly matMulMs: number;
}

const SIZE = 512;

async function main(packageName: string): Promise<Report> {
  restoreRemovedUtil(util);
  const start = performance.now();
  await import(packageName);
  const loadMs = performance.now() - start;
  if (!(await tf.setBackend("tensorflow"))) throw new Error("the backend does not start");
  const backend = tf.backend() as tf.KernelBackend & TensorflowBackend;
  const ones = tf.ones([SIZE, SIZE]);
  let matMulMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const begin = performance.now();
    const product = tf.matMul(ones, ones).dataSync();
    matMulMs = Math.min(matMulMs, performance.now() - begin);
    const wrong = product.find((value) => value !== SIZE);
    if (wrong !== undefined) {
      throw new Error(`expected every element of the product to be ${SIZE}, got ${wrong}`);
    }
  }
  return {
    version: backend.binding.TF_Version,
    gpu: backend.isUsingGpuDevice,
    loadMs: Math.round(loadMs),
    matMulMs: Math.round(matMulMs * 10) / 10,
  };
}

// The parent imports the type above; only a process of its own runs this.
if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await main(process.argv[2] ?? "")));
}
