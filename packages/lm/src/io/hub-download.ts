/** Fetches models from the Hugging Face Hub. How files come and where they go: ./hub-repository.ts. */
import { join } from "node:path";
import { modelIn, neededFiles, shardsOf, WEIGHT_INDEX } from "./hub-files.ts";
import { DEFAULT_REVISION, requireHubName } from "./hub-name.ts";
import { RepositoryDownload, type TransferOptions } from "./hub-repository.ts";

/** What to download and how. */
export interface DownloadOptions extends TransferOptions {
  /** `ORG/NAME`, or `ORG/NAME/FILE.gguf` for one of several GGUF files; may end in `@REVISION`. */
  readonly repo: string;
  /** Branch, tag or commit. Default: "main". */
  readonly revision?: string;
}

/** A model that is complete in the cache. */
export interface DownloadedModel {
  /** What `loadModel` takes: the snapshot's folder, or the GGUF file in it. */
  readonly path: string;
  /** The commit that the revision stood for; with it as revision, the files are always the same. */
  readonly commit: string;
  /** Paths in the repository of the files that make up the model. */
  readonly files: readonly string[];
}

/**
 * Downloads the files that a causal language model needs: its description, its tokenizer, and its
 * weights as safetensors or, if there are none, GGUF. Files that are there are not fetched again, and
 * partial ones go on where they ended. Every file is checked against the hash that the Hub gives.
 *
 * @throws HubError when the Hub cannot be reached, refuses, or sends other bytes than it promised;
 *   CheckpointError when the repository has no model that can be loaded; the signal's reason once
 *   it is aborted
 */
export async function downloadModel(options: DownloadOptions): Promise<DownloadedModel> {
  const { repo, revision, file } = requireHubName(options.repo, options.revision);
  try {
    const download = new RepositoryDownload("model", repo, revision ?? DEFAULT_REVISION, options);
    const snapshot = await download.look();
    const needed = neededFiles(repo, [...snapshot.listing.keys()], file);
    await download.fetchAll(snapshot, needed, "the listing");
    if (needed.includes(WEIGHT_INDEX)) {
      const shards = await shardsOf(join(snapshot.folder, WEIGHT_INDEX));
      await download.fetchAll(snapshot, shards, WEIGHT_INDEX);
      needed.push(...shards);
    }
    await download.refer(snapshot);
    const path = await modelIn(snapshot.folder, repo, file);
    return { path, commit: snapshot.commit, files: needed };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  }
}
