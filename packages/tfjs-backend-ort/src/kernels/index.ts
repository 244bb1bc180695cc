/** All handlers by tfjs kernel name. A kernel that is not here runs on the cpu kernels only. */
import { ACTIVATION } from "./activation.ts";
import { BINARY } from "./binary.ts";
import { COMPARISON } from "./comparison.ts";
import { CONVOLUTION } from "./convolution.ts";
import { CONVOLUTION_GRADIENTS } from "./convolution-gradients.ts";
import { CREATION } from "./creation.ts";
import { EINSUM } from "./einsum.ts";
import { GATHER } from "./gather.ts";
import { IMAGE } from "./image.ts";
import type { HandlerTable } from "./kernel.ts";
import { MATMUL } from "./matmul.ts";
import { MOVEMENT } from "./movement.ts";
import { NEURAL } from "./neural.ts";
import { NORMALIZE } from "./normalize.ts";
import { PAD } from "./pad.ts";
import { POOLING } from "./pooling.ts";
import { REDUCE } from "./reduce.ts";
import { SCAN } from "./scan.ts";
import { SCATTER } from "./scatter.ts";
import { SELECT } from "./select.ts";
import { SLICE } from "./slice.ts";
import { SORT } from "./sort.ts";
import { UNARY } from "./unary.ts";

const TABLES: readonly HandlerTable[] = [
  // One line per file of this folder.
  ACTIVATION,
  BINARY,
  COMPARISON,
  CONVOLUTION,
  CONVOLUTION_GRADIENTS,
  CREATION,
  EINSUM,
  GATHER,
  IMAGE,
  MATMUL,
  MOVEMENT,
  NEURAL,
  NORMALIZE,
  PAD,
  POOLING,
  REDUCE,
  SCAN,
  SCATTER,
  SELECT,
  SLICE,
  SORT,
  UNARY,
];

/** Handlers by tfjs kernel name. */
export const HANDLERS: HandlerTable = merge(TABLES);

function merge(tables: readonly HandlerTable[]): HandlerTable {
  const merged: Record<string, HandlerTable[string]> = {};
  for (const table of tables) {
    for (const [kernel, handler] of Object.entries(table)) {
      if (merged[kernel]) throw new Error(`kernels: expected one handler for ${kernel}, got two.`);
      merged[kernel] = handler;
    }
  }
  return merged;
}
