/** Writes results where readers find them, whole or not at all. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes `NAME.json` and `NAME.md`. A run that is killed leaves what it wrote last. */
export function publish(folder: string, name: string, results: object, markdown: string): void {
  mkdirSync(folder, { recursive: true });
  const texts = { json: `${JSON.stringify(results, null, 2)}\n`, md: markdown };
  for (const [extension, text] of Object.entries(texts)) {
    const file = join(folder, `${name}.${extension}`);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}
