/** Runs the command line within the test's process. */
import { Readable } from "node:stream";
import { run } from "../src/cli.ts";
import type { Io } from "../src/io.ts";

/** What a run left behind. */
export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs `preflab` with the given arguments.
 * @param signal interrupts it
 * @param input what is piped into it; default nothing
 */
export async function capture(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
  input: Io["input"] = Readable.from([]),
): Promise<Captured> {
  let out = "";
  let err = "";
  const code = await run(args, {
    input,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    signal,
  });
  return { code, out, err };
}

/** The lines of a text, each parsed as JSON. */
export function jsonLines<T>(text: string): T[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("jsonLines: expected a line break at the end.");
  return lines.map((line) => JSON.parse(line) as T);
}
