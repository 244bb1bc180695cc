/** A machine that no test looks at closely. */
import type { Machine } from "../harness/machine.ts";

export const MACHINE: Machine = {
  processor: "P",
  processors: 2,
  memoryGiB: 8,
  node: "v1",
  runtime: "R",
  peer: "T",
};
