/**
 * Fetches data sets from the Hugging Face Hub, and finds those that are in its cache. Which files
 * are data is for the caller to say. How files come and where they go: ./hub-repository.ts.
 */
import { join } from "node:path";
import { DEFAULT_REVISION, hubCache, repoFolder, requireHubName } from "./hub-name.ts";
import { RepositoryDownload, type TransferOptions } from "./hub-repository.ts";
import { cachedCommit } from "./hub-resolve.ts";

/** Which files to download and how. */
export interface DatasetDownloadOptions extends TransferOptions {
  /** `ORG/NAME`, may end in `@REVISION`: a branch, a tag or a commit; default "main". */
  readonly repo: string;
  /** Of all paths in the repository, those to fetch. May throw where none will do. */
  readonly choose: (paths: readonly string[]) => readonly string[];
}

/** A data set in the cache. */
export interface CachedDataset {
  /** The snapshot's folder. */
  readonly path: string;
  /** The commit that the revision stood for. */
  readonly commit: string;
}

/**
 * Downloads files of a data set. Those that are there are not fetched again, and partial ones go on
 * where they ended. Every file is checked against the hash that the Hub gives.
 *
 * @throws HubError when the Hub cannot be reached, refuses, or sends other bytes than it promised,
 *   or the name is none; what `choose` throws; the signal's reason once it is aborted
 */
export async function downloadDataset(options: DatasetDownloadOptions): Promise<CachedDataset> {
  const { repo, revision } = requireHubName(options.repo);
  try {
    const download = new RepositoryDownload("dataset", repo, revision ?? DEFAULT_REVISION, options);
    const snapshot = await download.look();
    const files = options.choose([...snapshot.listing.keys()]);
    await download.fetchAll(snapshot, files, "the choice of files");
    await download.refer(snapshot);
    return { path: snapshot.folder, commit: snapshot.commit };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  }
}

/**
 * The snapshot of a data set in the cache, which has the files that were once chosen. Never fetches.
 *
 * @param name as `repo` of {@link downloadDataset}
 * @param cacheDir default: that of Hugging Face libraries, which HF_HOME moves
 * @returns null where the cache has none
 * @throws HubError where the name is none
 */
export async function cachedDataset(
  name: string,
  cacheDir: string = hubCache(),
): Promise<CachedDataset | null> {
  const { repo, revision } = requireHubName(name);
  const folder = repoFolder(cacheDir, repo, "dataset");
  const commit = await cachedCommit(folder, revision ?? DEFAULT_REVISION);
  return commit === null ? null : { path: join(folder, "snapshots", commit), commit };
}
