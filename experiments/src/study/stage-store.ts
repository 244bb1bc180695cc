/**
 * Results of stages on disk: a folder each, named by its key, finished when its stage.json is there.
 * A folder whose files are not those that stage.json names is damaged, and built again.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeTextAtomically } from "@preflab/lm";
import type { Stage } from "./experiment.ts";
import { type LockOptions, takeLock } from "./lock.ts";

const MARK = "stage.json";
const TIMES = "timings.json";
const LOCK = "lock";
/** What a finished folder need not hold any more: state to go on from. */
const SCRATCH = "partial";
const KEY_LENGTH = 12;

/** Files of the store itself. Processes that look at a lock have files beside it for a moment. */
const OWN_FILE = /^(stage\.json|timings\.json|lock(\..*)?)$/;
/** Temporary files of atomic writing. */
const HALF_WRITTEN = /(^|[\\/])\.[^\\/]+\.partial$/;

/** What stage.json says. */
interface Mark {
  readonly id: string;
  readonly key: string;
  readonly config: unknown;
  readonly inputs: readonly string[];
  /** Hashes of all files, by path below the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** Folders of the stages of a plan. */
export class StageStore {
  readonly #root: string;
  readonly #keys: ReadonlyMap<string, string>;

  /** @param root where they are @param keys by id, see `stageKeys` */
  constructor(root: string, keys: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#keys = keys;
  }

  /** What decides a stage's result, as a hash. */
  key(id: string): string {
    const key = this.#keys.get(id);
    if (key === undefined) throw new Error(`study: expected a stage of the plan, got ${id}.`);
    return key;
  }

  /** Folder of a stage, finished or not. */
  folder(id: string): string {
    return join(this.#root, `${id.replaceAll("/", "_")}-${this.key(id).slice(0, KEY_LENGTH)}`);
  }

  /** Whether a stage is finished, and its files are whole. */
  async isFinished(id: string): Promise<boolean> {
    const folder = this.folder(id);
    const mark = await readMark(folder);
    if (mark === null || mark.key !== this.key(id)) return false;
    for (const [name, hash] of Object.entries(mark.files)) {
      if ((await hashOfFile(join(folder, name)).catch(() => null)) !== hash) return false;
    }
    return true;
  }

  /**
   * Builds a stage if it is not finished. What an interrupted build left is there when it is called
   * again, unless that is damaged.
   * @param build writes into the folder, whose folder `partial` is removed afterwards; told whether
   *   the stage was finished before, and something has changed its files
   * @param options `onWait`: wait for another process that builds the stage
   * @returns whether there was anything to do
   * @throws CommandError while another process builds it
   */
  async finish(
    stage: Stage,
    build: (folder: string, isDamaged: boolean) => Promise<void>,
    options: LockOptions = {},
  ): Promise<boolean> {
    const { id } = stage;
    if (await this.isFinished(id)) return false;
    const folder = this.folder(id);
    await mkdir(folder, { recursive: true });
    const lock = await takeLock(join(folder, LOCK), id, options);
    try {
      if (await this.isFinished(id)) return false;
      await this.#build(stage, build);
      return true;
    } finally {
      await lock.release();
    }
  }

  /** Seconds that building a finished stage took, but for parts whose process was killed. */
  seconds(id: string): Promise<number> {
    return readSeconds(this.folder(id));
  }

  async #build(
    { id, config, inputs }: Stage,
    build: (folder: string, isDamaged: boolean) => Promise<void>,
  ): Promise<void> {
    const folder = this.folder(id);
    const isDamaged = await isThere(join(folder, MARK));
    if (isDamaged) {
      // What it holds is not gone on from.
      for (const name of [MARK, TIMES]) await rm(join(folder, name), { force: true });
    }
    const before = await readSeconds(folder).catch(() => 0);
    const begin = performance.now();
    try {
      await buildOrBeginAnew(folder, () => build(folder, isDamaged));
    } finally {
      const seconds = before + (performance.now() - begin) / 1000;
      await writeTextAtomically(join(folder, TIMES), `${JSON.stringify({ seconds })}\n`);
    }
    await rm(join(folder, SCRATCH), { recursive: true, force: true });
    const mark: Mark = { id, key: this.key(id), config, inputs, files: await hashesOf(folder) };
    await writeTextAtomically(join(folder, MARK), `${JSON.stringify(mark, null, 2)}\n`);
  }
}

/** @throws what `build` throws, but for damage to what an interrupted build has left */
async function buildOrBeginAnew(folder: string, build: () => Promise<void>): Promise<void> {
  const partial = join(folder, SCRATCH);
  const isResumed = await isThere(partial);
  try {
    await build();
  } catch (error) {
    if (!isResumed || !(error instanceof Error) || error.name !== "CheckpointError") throw error;
    await rm(partial, { recursive: true });
    await build();
  }
}

async function readSeconds(folder: string): Promise<number> {
  return (JSON.parse(await readFile(join(folder, TIMES), "utf8")) as { seconds: number }).seconds;
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** Null without one, or for one that is damaged. */
async function readMark(folder: string): Promise<Mark | null> {
  try {
    const mark = JSON.parse(await readFile(join(folder, MARK), "utf8")) as Mark;
    return typeof mark.files === "object" && mark.files !== null ? mark : null;
  } catch {
    return null;
  }
}

/** Of the results; what a killed process left of a file is removed. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const hashes: Record<string, string> = {};
  for (const name of names) {
    const path = join(folder, name);
    if (OWN_FILE.test(name) || (await stat(path)).isDirectory()) continue;
    if (HALF_WRITTEN.test(name)) await rm(path);
    else hashes[name] = await hashOfFile(path);
  }
  return hashes;
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex");
}
