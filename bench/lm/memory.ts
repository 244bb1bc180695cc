/**
 * Peak memory of log-probabilities at the size where their logits hurt: in pieces, as `tokenLogps`
 * computes them, and naively all at once. The program that measures is the one of the lm package's
 * own test.
 */
import { lastLine, nodeCommand } from "../harness/processes.ts";

/** Peaks of both ways, beyond what the process had before. */
export interface MemoryResult {
  readonly batch: number;
  readonly length: number;
  readonly vocabulary: number;
  readonly width: number;
  readonly piecesMegabytes: number;
  readonly atOnceMegabytes: number;
}

/** B, T, V and D; the last two are GPT-2's. */
const SHAPE = { batch: 8, length: 512, vocabulary: 50257, width: 768 } as const;

/** Measures both ways, each in a process of its own. @throws Error when one fails */
export async function measureMemory(log: (line: string) => void): Promise<MemoryResult> {
  const piecesMegabytes = await peak("pieces");
  log(`memory in pieces: ${piecesMegabytes.toFixed(0)} MB`);
  const atOnceMegabytes = await peak("at-once");
  log(`memory at once: ${atOnceMegabytes.toFixed(0)} MB`);
  return { ...SHAPE, piecesMegabytes, atOnceMegabytes };
}

async function peak(kind: "pieces" | "at-once"): Promise<number> {
  const program = new URL("../../packages/lm/test/logps/peak-memory.ts", import.meta.url);
  const { batch, length, vocabulary, width } = SHAPE;
  const runs = 1;
  const sizes = [batch, length, vocabulary, width, runs].map(String);
  const line = await lastLine(nodeCommand(program, kind, ...sizes));
  return (JSON.parse(line) as { peakMegabytes: number }).peakMegabytes;
}
