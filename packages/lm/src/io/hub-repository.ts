/**
 * Fetches files of a repository of the Hugging Face Hub into the cache that Python's huggingface_hub
 * uses; for a model:
 *
 *   models--ORG--NAME/blobs/HASH               contents, by the hash that they are checked against
 *   models--ORG--NAME/snapshots/COMMIT/FILE    links to them
 *   models--ORG--NAME/refs/REVISION            the commit that a branch or tag stands for
 *
 * The reference is written last, so that an interrupted download changes nothing for readers. The
 * library @huggingface/hub says what is in a repository; it is loaded only here. The bytes come by
 * ./hub-blob.ts. Which files are needed is for the caller to say.
 */
import { copyFile, mkdir, readFile, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writeTextAtomically } from "./atomic-file.ts";
import { type BlobSpec, downloadBlob, type ReadFrom, WrongContentError } from "./hub-blob.ts";
import {
  HubError,
  pageOf,
  type RepoKind,
  type Request,
  requestError,
  statusError,
} from "./hub-error.ts";
import { exists } from "./hub-files.ts";
import { hubCache, isCommit, repoFolder } from "./hub-name.ts";

/** How to download. */
export interface TransferOptions {
  /** Default: that of Hugging Face libraries, which HF_HOME moves. */
  readonly cacheDir?: string;
  /** Default: https://huggingface.co. */
  readonly hubUrl?: string;
  /** For gated and private models; begins with `hf_`. */
  readonly accessToken?: string;
  /** Called whenever bytes have arrived. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download; what has arrived is kept. */
  readonly signal?: AbortSignal;
}

/** How far a download is. */
export interface DownloadProgress {
  readonly file: string;
  /** Bytes of the file that are there, and all of them. */
  readonly bytes: number;
  readonly size: number;
  /** Bytes of all files that are there, and all that are known to be needed. */
  readonly totalBytes: number;
  readonly totalSize: number;
}

const HASH = /^[0-9a-f]{40,64}$/;

/** A file of the repository. */
interface RemoteFile extends BlobSpec {
  readonly path: string;
}

type Listing = ReadonlyMap<string, RemoteFile>;

/** What a revision stands for. */
export interface Snapshot {
  readonly commit: string;
  /** Folder of its files in the cache, whether they are there or not. */
  readonly folder: string;
  /** Files of the repository by path. */
  readonly listing: Listing;
}

/** A repository on its way into the cache. */
export class RepositoryDownload {
  readonly #options: TransferOptions;
  readonly #request: Request;
  readonly #folder: string;
  #totalBytes = 0;
  #totalSize = 0;

  /** @throws HubError for an access token that is none */
  constructor(kind: RepoKind, repo: string, revision: string, options: TransferOptions) {
    this.#options = options;
    const hubUrl = (options.hubUrl ?? "https://huggingface.co").replace(/\/+$/, "");
    this.#request = { hubUrl, kind, repo, revision };
    this.#folder = repoFolder(options.cacheDir ?? hubCache(), repo, kind);
    if (options.accessToken !== undefined && !options.accessToken.startsWith("hf_")) {
      throw new HubError("hub: expected an access token that begins with hf_, got another.");
    }
  }

  /** What the repository has at the revision. @throws HubError when the Hub does not say */
  async look(): Promise<Snapshot> {
    const found = await this.#look().catch((error: unknown) => {
      throw requestError(this.#request, error);
    });
    return { ...found, folder: join(this.#folder, "snapshots", found.commit) };
  }

  async #look(): Promise<{ commit: string; listing: Listing }> {
    const { datasetInfo, listFiles, modelInfo } = await import("@huggingface/hub");
    const { hubUrl, kind, repo, revision } = this.#request;
    const { accessToken, signal } = this.#options;
    const common = {
      hubUrl,
      fetch: (input: string | URL | globalThis.Request, init?: RequestInit) =>
        fetch(input, { ...init, signal: signal ?? null }),
      ...(accessToken === undefined ? {} : { accessToken }),
    };
    const wanted = { ...common, name: repo, revision };
    const info =
      kind === "model"
        ? await modelInfo({ ...wanted, additionalFields: ["sha"] })
        : await datasetInfo({ ...wanted, additionalFields: ["sha"] });
    const commit = info.sha;
    if (!isCommit(commit)) throw new Error(`"${commit}" for a commit`);
    const listing = new Map<string, RemoteFile>();
    const designation = { type: kind, name: repo } as const;
    // The files of a model lie at the top; data may lie anywhere.
    const tree = { repo: designation, revision: commit, recursive: kind === "dataset" };
    for await (const entry of listFiles({ ...common, ...tree })) {
      if (entry.type !== "file" || entry.oid === undefined) continue;
      const { path, size } = entry;
      const hash: BlobSpec["hash"] = entry.lfs
        ? { kind: "sha256", value: entry.lfs.oid }
        : { kind: "git", value: entry.oid };
      // It becomes the name of a file.
      if (!HASH.test(hash.value)) throw new Error(`"${hash.value}" for the hash of ${path}`);
      listing.set(path, { path, size: entry.lfs?.size ?? size, hash });
    }
    return { commit, listing };
  }

  /**
   * Fetches files that are not there yet.
   * @param namedBy what says that they exist, for messages
   */
  async fetchAll(
    { commit, listing }: Snapshot,
    paths: readonly string[],
    namedBy: string,
  ): Promise<void> {
    const files = paths.map((path) => {
      const file = listing.get(path);
      if (file) return file;
      throw new HubError(
        `${this.#request.repo}: expected ${path}, which ${namedBy} names, got no such file. Try ` +
          "another revision.",
      );
    });
    this.#totalSize += files.reduce((sum, { size }) => sum + size, 0);
    for (const file of files) await this.#fetchOne(commit, file);
  }

  async #fetchOne(commit: string, file: RemoteFile): Promise<void> {
    const pointer = join(this.#folder, "snapshots", commit, file.path);
    const blob = join(this.#folder, "blobs", file.hash.value);
    const report = (bytes: number): void => {
      const { path, size } = file;
      const [totalBytes, totalSize] = [this.#totalBytes + bytes, this.#totalSize];
      this.#options.onProgress?.({ file: path, bytes, size, totalBytes, totalSize });
    };
    if ((await sizeOf(pointer)) !== file.size) {
      await mkdir(dirname(blob), { recursive: true });
      if ((await sizeOf(blob)) !== file.size) {
        await downloadBlob(blob, file, this.#reader(commit, file), report).catch((error) => {
          throw error instanceof WrongContentError ? this.#wrong(file, error) : error;
        });
      }
      await link(blob, pointer);
    }
    report(file.size);
    this.#totalBytes += file.size;
  }

  #reader(commit: string, { path }: RemoteFile): ReadFrom {
    const { accessToken, signal } = this.#options;
    const url = `${pageOf(this.#request)}/resolve/${commit}/${encodeURIComponent(path)}`;
    return async (offset) => {
      const headers = new Headers({ "accept-encoding": "identity" });
      if (accessToken !== undefined) headers.set("authorization", `Bearer ${accessToken}`);
      if (offset > 0) headers.set("range", `bytes=${offset}-`);
      try {
        const response = await fetch(url, { headers, signal: signal ?? null });
        if (response.ok && response.body) {
          const begin = response.status === 206 ? offset : 0;
          return { offset: begin, chunks: this.#translated(response.body) };
        }
        await response.body?.cancel();
        throw statusError(this.#request, response.status);
      } catch (error) {
        throw requestError(this.#request, error);
      }
    };
  }

  /** The chunks; a broken connection as the error that says what to do. */
  async *#translated(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw requestError(this.#request, error);
    }
  }

  #wrong({ path }: RemoteFile, cause: WrongContentError): HubError {
    return new HubError(
      `${this.#request.repo}: ${path}: ${cause.message}. The bytes are dropped: download again, ` +
        "and if that fails too, look for a proxy in between.",
      { cause },
    );
  }

  /** Lets the revision stand for its commit, once all that is needed of it is there. */
  async refer({ commit }: Snapshot): Promise<void> {
    const { revision } = this.#request;
    if (isCommit(revision)) return;
    const path = join(this.#folder, "refs", revision);
    if ((await exists(path)) && (await readFile(path, "utf8")) === commit) return;
    await mkdir(dirname(path), { recursive: true });
    await writeTextAtomically(path, commit);
  }
}

/** Makes `pointer` lead to `blob`: a link that survives moving the cache, else a copy. */
async function link(blob: string, pointer: string): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await symlink(relative(dirname(pointer), blob), pointer).catch(async (error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : null;
    // Another process was faster, or the system lets only some users make links.
    if (code === "EPERM") await copyFile(blob, pointer);
    else if (code !== "EEXIST" || !(await exists(pointer))) throw error;
  });
}

/** Bytes of the file that a path leads to, null if there is none. */
async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
