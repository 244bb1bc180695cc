/** Log-probabilities over a large vocabulary take the memory of a few pieces of logits. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("./peak-memory.ts", import.meta.url));
const [BATCH, LENGTH, WORDS, WIDTH] = [4, 512, 50257, 32];
/** Of the float32 logits of the whole batch. */
const LOGITS_MEGABYTES = (4 * BATCH * (LENGTH - 1) * WORDS) / 1e6;

/** Megabytes at the peak of one step, beyond those before it. */
function peak(kind: "pieces" | "at-once"): number {
  const flags = ["--import", "tsx", "--conditions=@preflab/source", PROGRAM, kind];
  const sizes = [BATCH, LENGTH, WORDS, WIDTH, 1].map(String);
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, ...sizes], {
    encoding: "utf8",
  });
  if (!stdout) throw new Error(stderr);
  return (JSON.parse(stdout) as { peakMegabytes: number }).peakMegabytes;
}

describe("logps memory", () => {
  test("a step takes less than all logits in pieces, and more than twice that at once", () => {
    expect(peak("pieces")).toBeLessThan(0.95 * LOGITS_MEGABYTES);
    expect(peak("at-once")).toBeGreaterThan(1.9 * LOGITS_MEGABYTES);
  });
});
