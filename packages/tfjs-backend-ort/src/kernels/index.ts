/** All handlers by tfjs kernel name. A kernel that is not here runs on the cpu kernels only. */
import type { HandlerTable } from "./kernel.ts";

const TABLES: readonly HandlerTable[] = [
  // One line per file of this folder.
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
