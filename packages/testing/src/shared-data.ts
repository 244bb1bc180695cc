/**
 * Published files, such as data sets and tokenizers, that are too large for the repository or not
 * ours to give away: looked for in `../shared/data`, or in `$PREFLAB_SHARED/data`. Tests that need
 * them skip, and say so, where they are absent.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeUnless } from "./skip.ts";

const SIBLING = fileURLToPath(new URL("../../../../shared", import.meta.url));

/** Absolute path of a published file. @param path below the data folder, such as "hh/x.jsonl.gz" */
export function sharedPath(path: string): string {
  return join(process.env["PREFLAB_SHARED"] ?? SIBLING, "data", path);
}

/** `describe` for tests that need published files; without them one skipped test that says so. */
export function describeWithData(paths: readonly string[], name: string, body: () => void): void {
  const missing = paths.find((path) => !existsSync(sharedPath(path)));
  const where = "in ../shared/data or $PREFLAB_SHARED/data";
  describeUnless(missing === undefined ? undefined : `no ${missing} ${where}`, name, body);
}
