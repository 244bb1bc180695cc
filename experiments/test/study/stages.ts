/** Made-up stages for tests of the engine, and reporters that keep what they are told. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stage } from "../../src/study/experiment.ts";

/** A stage that does nothing, but for what is given. */
export function madeUpStage(given: Partial<Stage> & { readonly id: string }): Stage {
  return { title: given.id, config: null, inputs: [], build: async () => {}, ...given };
}

/** A new folder of its own. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "preflab-study-"));
}
