/** Reads and writes what is committed: results.json and the table KERNELS.md made from it. */
import { readFileSync, writeFileSync } from "node:fs";
import { kernelsMarkdown } from "./kernels-table.ts";
import type { RunName } from "./runs.ts";
import type { Summary } from "./summary.ts";

/** Summaries of the committed runs. */
export type Results = Readonly<Record<RunName, Summary>>;

const RESULTS = new URL("./results.json", import.meta.url);
const KERNELS = new URL("./KERNELS.md", import.meta.url);

/** The committed summaries. */
export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS, "utf8")) as Results;
}

/** The committed kernel table. */
export function readKernelsMarkdown(): string {
  return readFileSync(KERNELS, "utf8");
}

/** Replaces both committed files. */
export function writeResults(results: Results): void {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(KERNELS, kernelsMarkdown(results));
}
