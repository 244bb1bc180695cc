/**
 * Vitest settings shared by every project: workspace packages resolve to their sources, and every
 * test file runs in its own process, because TensorFlow.js and ONNX Runtime each keep one global
 * state per process. Plain JavaScript: Node 20 loads it without a build.
 */
export const base = {
  resolve: { conditions: ["@preflab/source"] },
  ssr: { resolve: { conditions: ["@preflab/source", "module", "node", "development|production"] } },
  test: {
    pool: "forks",
    isolate: true,
    maxWorkers: 2,
    include: ["test/**/*.test.ts"],
    exclude: ["test/**/*.slow.test.ts"],
  },
};
