import { fileURLToPath } from "node:url";

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
    include: ["test/**/*.test.ts"],
    exclude: ["**/*.slow.test.ts", "**/node_modules/**"],
    setupFiles: [fileURLToPath(new URL("./src/matchers.ts", import.meta.url))],
    // Compiling a graph on a busy two-core machine takes longer than the default 5 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", ["json", { outputFile: "test-results.json" }]],
  },
};

/** The same for `*.slow.test.ts`: studies that take minutes and are not part of `npm test`. */
export const slow = {
  ...base,
  test: {
    ...base.test,
    include: ["test/**/*.slow.test.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    reporters: ["verbose"],
  },
};
