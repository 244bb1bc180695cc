/** The same training program gives the same bits in every process of one runtime and thread count. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

/** Runtimes and modes add the same products in the same order; only fused updates may round differently. */
const ACROSS = { rtol: 1e-5, atol: 1e-6 };

const PROGRAM = fileURLToPath(new URL("./train-once.ts", import.meta.url));
const run = promisify(execFile);

interface Outcome {
  readonly reason: string;
  readonly losses: number[];
  readonly digest: string;
}

async function train(runtime: string, threads: number, mode: string): Promise<Outcome> {
  const flags = ["--import", "tsx", "--conditions=@preflab/source", PROGRAM];
  const { stdout } = await run(process.execPath, [...flags, runtime, String(threads), mode]);
  return JSON.parse(stdout) as Outcome;
}

const RUNS = [
  ["c-api", 2, "one-graph"],
  ["c-api", 2, "flat"],
  ["c-api", 1, "one-graph"],
  ["onnxruntime-node", 2, "one-graph"],
] as const;

describe("training in separate processes", () => {
  const outcomes: Outcome[] = [];

  for (const [runtime, threads, mode] of RUNS) {
    it(`${runtime}, ${threads} threads, ${mode}: two runs agree bit for bit`, async () => {
      const [first, second] = await Promise.all([
        train(runtime, threads, mode),
        train(runtime, threads, mode),
      ]);
      expect(first.reason).toContain(runtime);
      expect(first.losses.at(-1)).toBeLessThan(first.losses[0] as number);
      expect(second).toEqual(first);
      outcomes.push(first);
    });
  }

  it("both runtimes and both modes learn the same", () => {
    expect(outcomes).toHaveLength(RUNS.length);
    for (const { losses } of outcomes) {
      expect(losses).toBeAllClose(outcomes[0]?.losses ?? [], ACROSS);
    }
  });
});
