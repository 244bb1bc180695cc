/** A file of JSON lines, each about a step of a run, which a resumed run cuts back to its checkpoint. */
import { type FileHandle, open } from "node:fs/promises";
import { type JsonObject, parseJsonObject } from "../checkpoint/json.ts";
import { writeTextAtomically } from "./atomic-file.ts";
import { readIfThere } from "./file-bytes.ts";

/** An open file of lines. */
export class StepLog {
  /** The lines that were there, oldest first. */
  readonly past: readonly JsonObject[];
  readonly #file: FileHandle;

  /** Use {@link openStepLog}. */
  constructor(past: readonly JsonObject[], file: FileHandle) {
    this.past = past;
    this.#file = file;
  }

  /** Appends a line. Numbers that JSON has not are strings, such as "NaN". */
  async append(line: Readonly<Record<string, unknown>>): Promise<void> {
    const json = JSON.stringify(line, (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
    );
    await this.#file.appendFile(`${json}\n`);
  }

  /** Returns once all lines are on disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Opens a file of lines that have a `step`, and drops what the run will write again: lines of steps
 * after `latest`, and a line that was not finished.
 * @param latest step of the checkpoint that the run goes on from; null for the beginning
 */
export async function openStepLog(path: string, latest: number | null): Promise<StepLog> {
  const bytes = await readIfThere(path);
  const lines = new TextDecoder()
    .decode(bytes ?? new Uint8Array())
    .split("\n")
    .slice(0, -1);
  const rows = lines.map((line) => parseJsonObject(new TextEncoder().encode(line), path));
  const isKept = (_: unknown, i: number) => {
    const step = rows[i]?.["step"];
    return latest !== null && typeof step === "number" && step <= latest;
  };
  const kept = lines.filter(isKept);
  if (bytes !== null) await writeTextAtomically(path, kept.map((line) => `${line}\n`).join(""));
  return new StepLog(rows.filter(isKept), await open(path, "a"));
}
