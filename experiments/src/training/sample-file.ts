/**
 * samples.jsonl of a run that goes through its prompts group by group. A group is written as a whole:
 * whatever moment the process dies at, a resumed run keeps the groups that are complete.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { openManifest, type RunManifest } from "@preflab/lm";
import { type JsonlRow, readJsonl } from "../jsonl.ts";
import { toJson } from "../output.ts";

const LINE_FEED = 0x0a;

/** How a run goes through its prompts. */
export interface SampleFileOptions {
  /** Go on with the run that the folder holds; without one, start it. */
  readonly resume: boolean;
  /** Lines of the whole run. */
  readonly lines: number;
  /** Lines of a group; the last one may have fewer. */
  readonly linesPerGroup: number;
}

/** An open file. */
export class SampleFile {
  readonly path: string;
  readonly #file: FileHandle;
  #done: number;

  private constructor(path: string, file: FileHandle, done: number) {
    this.path = path;
    this.#file = file;
    this.#done = done;
  }

  /**
   * Opens the folder of a run with its manifest.json, and drops the lines of a group that was not
   * finished.
   * @throws CheckpointError when it holds a run that is not to be resumed, or one of another config
   */
  static async open(
    folder: string,
    manifest: RunManifest,
    { resume, lines, linesPerGroup }: SampleFileOptions,
  ): Promise<SampleFile> {
    await mkdir(folder, { recursive: true });
    const goesOn = await openManifest(folder, manifest, 0, { resume });
    const path = join(folder, "samples.jsonl");
    const file = await open(path, goesOn ? "a" : "w");
    try {
      return new SampleFile(path, file, await cutToGroups(path, lines, linesPerGroup));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Lines that are complete. */
  get done(): number {
    return this.#done;
  }

  /** Appends the lines of a group, and returns once they are on disk. */
  async append(group: readonly object[]): Promise<void> {
    await this.#file.appendFile(group.map((line) => `${toJson(line)}\n`).join(""));
    await this.#file.sync();
    this.#done += group.length;
  }

  /** All lines so far. @throws CommandError for a damaged one */
  rows(): AsyncGenerator<JsonlRow> {
    return readJsonl(this.path);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Cuts a file after its last complete group. @returns the lines that are left */
async function cutToGroups(path: string, lines: number, linesPerGroup: number): Promise<number> {
  let [begin, seen, kept, end] = [0, 0, 0, 0];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) {
      seen++;
      if (seen > lines || (seen % linesPerGroup !== 0 && seen !== lines)) continue;
      kept = seen;
      end = begin + at + 1;
    }
    begin += chunk.length;
  }
  if (begin > end) await truncate(path, end);
  return kept;
}
