/** A large file of pairs, and what reading it costs. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./stream-memory.ts", import.meta.url));
/** Written at a time. */
const ROWS = 1000;

/** What a process that inspected and linted a file had. */
export interface Streamed {
  readonly fileBytes: number;
  readonly rowsWritten: number;
  readonly rows: number;
  readonly linted: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
}

/** Writes pairs of about 2 kB until a file is as large as asked, and reads it in another process. */
export function streamLargeFile(bytes: number): Streamed {
  const folder = mkdtempSync(join(tmpdir(), "preflab-large-"));
  try {
    const path = join(folder, "pairs.jsonl");
    const rowsWritten = writePairs(path, bytes);
    const flags = ["--import", "tsx", "--conditions=@preflab/source", PROGRAM];
    const child = spawnSync(process.execPath, [...flags, path], { encoding: "utf8" });
    if (child.status !== 0) throw new Error(child.stderr);
    const measured = JSON.parse(child.stdout) as Omit<Streamed, "fileBytes" | "rowsWritten">;
    return { ...measured, fileBytes: statSync(path).size, rowsWritten };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writePairs(path: string, bytes: number): number {
  const file = openSync(path, "w");
  let rows = 0;
  for (let written = 0; written < bytes; rows += ROWS) {
    const lines = Array.from({ length: ROWS }, (_, i) => {
      const text = (name: string, words: number) => `${name} ${rows + i} `.repeat(words);
      const row = {
        prompt: text("question", 60),
        chosen: text("yes", 60),
        rejected: text("no", 50),
      };
      return `${JSON.stringify(row)}\n`;
    });
    written += writeSync(file, lines.join(""));
  }
  closeSync(file);
  return rows;
}
