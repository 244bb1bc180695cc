/** Finds a model on this machine, by path or by its name on the Hugging Face Hub. Never fetches. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import { exists, modelIn } from "./hub-files.ts";
import { DEFAULT_REVISION, hubCache, isCommit, parseHubName, repoFolder } from "./hub-name.ts";

/** A model on this machine. */
export interface ResolvedModel {
  /** What `loadModel` takes. */
  readonly path: string;
  /** The commit of a model from the cache, null of a local one. */
  readonly commit: string | null;
}

/**
 * A local folder or file, else the cached snapshot of `ORG/NAME`, `ORG/NAME@REVISION` or
 * `ORG/NAME/FILE.gguf`.
 *
 * @param cacheDir default: that of Hugging Face libraries, which HF_HOME moves
 * @throws CheckpointError naming what is missing, where it belongs and how to fetch it
 */
export async function resolveModel(
  nameOrPath: string,
  { cacheDir = hubCache() }: { readonly cacheDir?: string } = {},
): Promise<ResolvedModel> {
  if (await exists(nameOrPath)) {
    const isFile = (await stat(nameOrPath)).isFile();
    const path = isFile ? nameOrPath : await modelIn(nameOrPath, nameOrPath, null);
    return { path, commit: null };
  }
  const name = parseHubName(nameOrPath);
  if (!name) {
    throw new CheckpointError(
      `model: expected a folder, a GGUF file or ORG/NAME of a downloaded model, got ` +
        `"${nameOrPath}", which is not there. Check the path.`,
    );
  }
  const folder = repoFolder(cacheDir, name.repo);
  const commit = await cachedCommit(folder, name.revision ?? DEFAULT_REVISION);
  if (commit === null) throw await notCached(nameOrPath, folder);
  const snapshot = join(folder, "snapshots", commit);
  return { path: await modelIn(snapshot, nameOrPath, name.file), commit };
}

/** The commit of a revision, if its snapshot is in a repository's folder of the cache. */
export async function cachedCommit(folder: string, revision: string): Promise<string | null> {
  const reference = join(folder, "refs", revision);
  const isReference = !isCommit(revision) && (await exists(reference));
  const commit = isReference ? (await readFile(reference, "utf8")).trim() : revision;
  return isCommit(commit) && (await exists(join(folder, "snapshots", commit))) ? commit : null;
}

async function notCached(name: string, folder: string): Promise<CheckpointError> {
  const commits = await readdir(join(folder, "snapshots")).catch(() => []);
  const others = commits.map((commit) => `${name.split("@")[0]}@${commit}`).join(", ");
  return new CheckpointError(
    `model: expected a folder or a downloaded model "${name}", got neither: there is no such ` +
      `folder, and ${folder} has ${others ? `only ${others}` : "nothing"}. Fetch it with: preflab ` +
      `model download ${name}. Without network, copy config.json, model.safetensors (or ` +
      "model.safetensors.index.json with the files it names) and tokenizer.json from elsewhere " +
      "into a folder, and pass its path.",
  );
}
