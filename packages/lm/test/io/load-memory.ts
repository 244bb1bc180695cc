/**
 * A program of its own: the memory that loading takes. Arguments: a model folder and a backend.
 * Prints JSON.
 */
import { loadModel } from "@preflab/lm";
import "@preflab/tfjs-backend-ort";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

const [folder = "", backend = ""] = process.argv.slice(2);
await tf.setBackend(backend);
tf.ones([1]).dataSync();
const before = process.memoryUsage().rss;
const { params } = await loadModel(folder);
const elements = Object.values(params).reduce((sum, { size }) => sum + size, 0);
process.stdout.write(
  JSON.stringify({
    elements,
    beforeBytes: before,
    // Kibibytes on every system: Node converts.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
