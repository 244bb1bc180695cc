/**
 * A program of its own: the memory that log-probabilities and their gradients take, from hidden
 * states on. Arguments: `pieces` or `at-once`, then B, T, V, D and the number of runs. Prints JSON.
 */
import { estimateMemory, jit, logSoftmaxAt } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { tokenLogps } from "../../src/logps.ts";
import { TINY } from "../model/tiny.ts";

const [kind, ...sizes] = process.argv.slice(2);
const [batch, length, words, width, runs] = sizes.map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const MEGABYTE = 1e6;

function inPieces(hidden: tf.Tensor3D, head: tf.Tensor2D, ids: tf.Tensor2D): tf.Tensor {
  const policy = { config: TINY, params: { head }, hidden };
  return tokenLogps(policy, { ids, attentionMask: tf.onesLike(ids) });
}

function atOnce(hidden: tf.Tensor3D, head: tf.Tensor2D, ids: tf.Tensor2D): tf.Tensor {
  const predicting = tf.slice(hidden, [0, 0, 0], [-1, length - 1, -1]);
  const logits: tf.Tensor2D = tf.matMul(tf.reshape(predicting, [-1, width]), head, false, true);
  return logSoftmaxAt(logits, tf.reshape(tf.slice(ids, [0, 1], [-1, -1]), [-1]));
}

function numbers(shape: [number, number, number] | [number, number]): tf.Tensor {
  const data = new Float32Array(tf.util.sizeFromShape(shape));
  for (let i = 0; i < data.length; i++) data[i] = 0.1 * Math.sin(12.9898 * i);
  return tf.tensor(data, shape);
}

await tf.setBackend("ort");
const logps = kind === "pieces" ? inPieces : atOnce;
const step = jit((hidden: tf.Tensor, head: tf.Tensor, ids: tf.Tensor2D) =>
  tf.grads((hidden, head) => tf.mean(logps(hidden as tf.Tensor3D, head as tf.Tensor2D, ids)))([
    hidden,
    head,
  ]),
);
const inputs = [numbers([batch, length, width]), numbers([words, width])] as const;
const ids: tf.Tensor2D = tf.zeros([batch, length], "int32");
const before = process.memoryUsage().rss;
const seconds = Array.from({ length: runs }, () => {
  const start = performance.now();
  tf.dispose(step(...inputs, ids));
  return (performance.now() - start) / 1000;
});
const [graph] = step.graphs();
if (!graph) throw new Error("peak-memory: expected a compiled graph.");
const { intermediates, outputs } = estimateMemory(graph);
process.stdout.write(
  JSON.stringify({
    peakMegabytes: (process.resourceUsage().maxRSS * 1024 - before) / MEGABYTE,
    beforeMegabytes: before / MEGABYTE,
    estimateMegabytes: (intermediates + outputs) / MEGABYTE,
    seconds,
  }),
);
