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
import { takeLock } from "./lock.ts";

const MARK = "stage.json";
const TIMES = "timings.json";
const LOCK = "lock";
/** What a finished folder need not hold any more: state to go on from. */
const SCRATCH = "partial";
const KEY_LENGTH = 12;

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
   * Builds a stage if it is not finished.
   * @param build writes into the folder, whose folder `partial` is removed afterwards
   * @returns whether there was anything to do
   * @throws CommandError while another process builds it
   */
  async finish(stage: Stage, build: (folder: string) => Promise<void>): Promise<boolean> {
    const { id, config, inputs } = stage;
    if (await this.isFinished(id)) return false;
    const folder = this.folder(id);
    await mkdir(folder, { recursive: true });
    const lock = await takeLock(join(folder, LOCK), id);
    try {
      if (await this.isFinished(id)) return false;
      await rm(join(folder, MARK), { force: true });
      const begin = performance.now();
      await build(folder);
      await writeTextAtomically(
        join(folder, TIMES),
        `${JSON.stringify({ seconds: (performance.now() - begin) / 1000 })}\n`,
      );
      await rm(join(folder, SCRATCH), { recursive: true, force: true });
      const mark: Mark = { id, key: this.key(id), config, inputs, files: await hashesOf(folder) };
      await writeTextAtomically(join(folder, MARK), `${JSON.stringify(mark, null, 2)}\n`);
      return true;
    } finally {
      await lock.release();
    }
  }

  /** Seconds that building a finished stage took, of its last uninterrupted part. */
  async seconds(id: string): Promise<number> {
    const text = await readFile(join(this.folder(id), TIMES), "utf8");
    return (JSON.parse(text) as { seconds: number }).seconds;
  }
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

async function hashesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const hashes: Record<string, string> = {};
  for (const name of names) {
    if ([MARK, TIMES, LOCK].includes(name) || (await stat(join(folder, name))).isDirectory())
      continue;
    hashes[name] = await hashOfFile(join(folder, name));
  }
  return hashes;
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex");
}
