/**
 * Peak memory of log-probabilities at the size where their logits hurt: in pieces, as `tokenLogps`
 * computes them, and naively all at once. The program that measures is the one of the lm package's
 * own test.
 */
import { lastLine, nodeCommand } from "../harness/processes.ts";

/** One way to compute them. */
interface Peak {
  /** Beyond what the process had before, MB. */
  readonly peakMegabytes: number;
  /** Of the second step, whose program is compiled. */
  readonly seconds: number;
}

/** Both ways. */
export interface MemoryResult {
  readonly batch: number;
  readonly length: number;
  readonly vocabulary: number;
  readonly width: number;
  readonly pieces: Peak;
  readonly atOnce: Peak;
}

/** B, T, V and D; the last two are GPT-2's. */
const SHAPE = { batch: 8, length: 512, vocabulary: 50257, width: 768 } as const;
const STEPS = 2;

/** What the program prints. */
interface Printed {
  readonly peakMegabytes: number;
  readonly seconds: readonly number[];
}

/** Measures both ways, each in a process of its own. @throws Error when one fails */
export async function measureMemory(log: (line: string) => void): Promise<MemoryResult> {
  const pieces = await peak("pieces");
  log(`memory in pieces: ${pieces.peakMegabytes.toFixed(0)} MB`);
  const atOnce = await peak("at-once");
  log(`memory at once: ${atOnce.peakMegabytes.toFixed(0)} MB`);
  return { ...SHAPE, pieces, atOnce };
}

async function peak(kind: "pieces" | "at-once"): Promise<Peak> {
  const program = new URL("../../packages/lm/test/logps/peak-memory.ts", import.meta.url);
  const { batch, length, vocabulary, width } = SHAPE;
  const sizes = [batch, length, vocabulary, width, STEPS].map(String);
  const line = await lastLine(nodeCommand(program, kind, ...sizes));
  const { peakMegabytes, seconds } = JSON.parse(line) as Printed;
  return { peakMegabytes, seconds: seconds.at(-1) as number };
}
