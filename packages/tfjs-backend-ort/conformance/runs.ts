/** The runs whose results are committed: which backend, in which mode. */
import { type Exclusion, STRICT_EXCLUSIONS } from "./exclusions.ts";
import type { RunOptions } from "./run-suite.ts";

/** Name of a committed run. */
export type RunName = "cpu" | "ort-strict" | "ort-strict-node" | "ort-auto";

/** One committed run. */
export interface Run {
  readonly title: string;
  readonly options: RunOptions;
  readonly exclusions: readonly Exclusion[];
}

const SHARDS = 2;

/** All runs, by name. */
export const RUNS: Readonly<Record<RunName, Run>> = {
  cpu: {
    title: "tfjs' cpu backend, the baseline",
    options: { backend: "cpu", env: {}, shards: 1 },
    exclusions: [],
  },
  "ort-strict": {
    title: "every kernel with a handler as a graph, a fallback of one is an error",
    options: { backend: "ort", env: { ORT_EAGER: "graph" }, shards: SHARDS },
    exclusions: STRICT_EXCLUSIONS,
  },
  "ort-strict-node": {
    title: "the same through the onnxruntime-node addon",
    options: {
      backend: "ort",
      env: { ORT_EAGER: "graph", PREFLAB_ORT_RUNTIME: "onnxruntime-node" },
      shards: SHARDS,
    },
    exclusions: STRICT_EXCLUSIONS,
  },
  "ort-auto": {
    title: "the default: heavy kernels as graphs, the others on the cpu backend's kernels",
    options: { backend: "ort", env: { ORT_EAGER: "auto" }, shards: SHARDS },
    exclusions: [],
  },
};

/** Whether `name` is one of {@link RUNS}. */
export function isRunName(name: string): name is RunName {
  return Object.hasOwn(RUNS, name);
}
