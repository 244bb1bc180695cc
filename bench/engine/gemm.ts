/**
 * The rate ONNX Runtime reaches on this machine for the weight products of a training step, each
 * run alone: what a step could reach at most. Arguments: size, seconds. Prints one line of JSON.
 */
import process from "node:process";
import { jit, selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "../harness/measure.ts";
import { weights } from "./numbers.ts";
import { type Product, SIZES, type SizeName, weightProducts } from "./sizes.ts";

const [name, seconds] = process.argv.slice(2) as [SizeName, string];
await selectBackend("ort");
const products = weightProducts(SIZES[name]);
let flops = 0;
let ms = 0;
let foreign: number | null = 0;
for (const product of products) {
  const measured = await timeOf(product, Number(seconds) / products.length);
  flops += 2 * product.m * product.k * product.n * product.count;
  ms += measured.ms * product.count;
  foreign = measured.foreign === null ? null : Math.max(foreign ?? 0, measured.foreign);
}
process.stdout.write(`${JSON.stringify({ gflops: flops / ms / 1e6, ms, foreign })}\n`);
process.exit(0);

async function timeOf({ m, k, n, transposeA, transposeB }: Product, seconds: number) {
  const a = matrix(transposeA ? [k, m] : [m, k]);
  const b = matrix(transposeB ? [n, k] : [k, n]);
  // What a step would do, without a new output each time: its gradients go to fixed buffers.
  const out = tf.variable(tf.zeros([m, n]), false);
  const multiply = jit((a: tf.Tensor2D, b: tf.Tensor2D) => {
    out.assign(tf.matMul(a, b, transposeA, transposeB));
    return null;
  });
  const measured = await measure(() => void multiply(a, b), seconds);
  multiply.dispose();
  tf.dispose([a, b, out]);
  return measured;
}

function matrix(shape: [number, number]): tf.Tensor2D {
  return tf.tensor2d(weights(shape[0], shape[0] * shape[1]), shape);
}
