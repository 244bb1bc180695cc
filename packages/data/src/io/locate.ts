/**
 * Where a data set is: a path on this machine, or a name on the Hugging Face Hub, from where its
 * files are fetched into the cache that Python's libraries use.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cachedDataset, downloadDataset, HubError, type TransferOptions } from "@preflab/lm";
import { DataError } from "../errors.ts";
import { isDataFile } from "./data-files.ts";

/** A data set on this machine. */
export interface Located {
  /** File or folder. */
  readonly path: string;
  /** The part that the name asks for. */
  readonly split?: string;
}

/** A name on the Hub, taken apart. */
interface HubData {
  /** `ORG/NAME`, with `@REVISION` where it says one. */
  readonly repo: string;
  /** Folder in the repository; "" for all of it. */
  readonly folder: string;
}

const SPLIT = /^(.+):([A-Za-z_]+)$/;
const HUB = /^([\w.-]+\/[\w.-]+)((?:\/[\w.-]+)*)(@[^@:]+)?$/;

/**
 * Finds a data set by path or by its name on the Hub, either with `:PART` at the end. A name on the
 * Hub is `ORG/NAME`, `ORG/NAME/FOLDER`, either with `@REVISION`; new files are fetched, and without
 * network those that are in the cache serve.
 *
 * @throws DataError where neither is there, or the Hub cannot be reached and the cache has nothing
 */
export async function locate(name: string, hub: TransferOptions = {}): Promise<Located> {
  if (await exists(name)) return { path: name };
  const [, whole = name, split] = SPLIT.exec(name) ?? [];
  const part = split === undefined ? {} : { split };
  if (split !== undefined && (await exists(whole))) return { path: whole, ...part };
  const data = isDataFile(whole) ? undefined : hubData(whole);
  if (data === undefined) {
    throw new DataError(`${name}: expected a file or folder, got nothing there. Check the path.`);
  }
  return { path: join(await snapshotOf(name, data, hub), data.folder), ...part };
}

async function snapshotOf(
  name: string,
  { repo, folder }: HubData,
  hub: TransferOptions,
): Promise<string> {
  const choose = (paths: readonly string[]) => dataPaths(name, folder, paths);
  try {
    return (await downloadDataset({ ...hub, repo, choose })).path;
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const cached = await cachedDataset(repo, hub.cacheDir);
    if (cached !== null && (await exists(join(cached.path, folder)))) return cached.path;
    throw new DataError(
      `${name}: expected a file or folder, got nothing there, and as a name on the Hugging Face ` +
        `Hub it failed: ${error.message}`,
    );
  }
}

/** The files to fetch. @throws DataError where there are none */
function dataPaths(name: string, folder: string, paths: readonly string[]): readonly string[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const found = paths.filter((path) => path.startsWith(prefix) && isDataFile(path));
  if (found.length > 0) return found;
  const folders = [...new Set(paths.filter(isDataFile).map((path) => path.split("/")[0]))];
  throw new DataError(
    `${name}: expected .jsonl, .json, .csv, .tsv or .parquet files, got none` +
      `${folders.length > 0 ? `; there are some in ${folders.join(", ")}` : ""}.`,
  );
}

function hubData(name: string): HubData | undefined {
  const [, repo, folder = "", revision = ""] = HUB.exec(name) ?? [];
  if (repo === undefined || /(^|\/)\.{1,2}(\/|$)/.test(name)) return undefined;
  return { repo: `${repo}${revision}`, folder: folder.slice(1) };
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
