/**
 * Names of models on the Hugging Face Hub, and where their files lie in the cache that this package
 * shares with Python's huggingface_hub. Nothing here touches files or the network.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { HubError, type RepoKind } from "./hub-error.ts";

/** The branch that is meant when none is named. */
export const DEFAULT_REVISION = "main";

/** A model on the Hub: `ORG/NAME`, `ORG/NAME/FILE.gguf`, either with `@REVISION`. */
export interface HubName {
  /** `ORG/NAME`. */
  readonly repo: string;
  /** Branch, tag or commit; null if the name says none. */
  readonly revision: string | null;
  /** A GGUF file of the repository, null for all that makes up the model. */
  readonly file: string | null;
}

/** Letters, digits and `_-.`, not beginning or ending in `-` or `.`. */
const WORD = /^(?!.*\.\.)[A-Za-z0-9_]([\w.-]*\w)?$/;
const FILE = /^[\w][\w.-]*\.gguf$/;
/** Path segments of a branch, tag or pull request; no `..`, since it becomes a path. */
const REVISION = /^(?!.*\.\.)[\w][\w.+-]*(\/[\w][\w.+-]*)*$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Parses a name; null if it cannot be one of the Hub's. */
export function parseHubName(name: string): HubName | null {
  const [path = "", revision = null, ...more] = name.split("@");
  const [org = "", model = "", file = null, ...deeper] = path.split("/");
  const isName = WORD.test(org) && WORD.test(model) && more.length + deeper.length === 0;
  if (!isName || (file !== null && !FILE.test(file))) return null;
  if (revision !== null && !REVISION.test(revision)) return null;
  return { repo: `${org}/${model}`, revision, file };
}

/** @throws HubError unless `name` is one of the Hub's and `revision` could be one of its revisions */
export function requireHubName(name: string, revision?: string): HubName {
  const parsed = parseHubName(name);
  if (!parsed) {
    throw new HubError(
      `hub: expected a model's name as ORG/NAME, ORG/NAME/FILE.gguf or ORG/NAME@REVISION, got ` +
        `"${name}". Copy it from the model's page.`,
    );
  }
  if (revision === undefined) return parsed;
  if (parsed.revision !== null && parsed.revision !== revision) {
    throw new HubError(
      `hub: expected one revision, got "${revision}" beside that of "${name}". Drop one of them.`,
    );
  }
  if (!REVISION.test(revision)) {
    throw new HubError(`hub: expected a branch, a tag or a commit, got revision "${revision}".`);
  }
  return { ...parsed, revision };
}

/** Whether a revision is a commit, so that it always means the same files. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/**
 * The cache folder of Hugging Face libraries: HF_HUB_CACHE, else `hub` in HF_HOME, else in
 * `huggingface` of XDG_CACHE_HOME, which is `~/.cache` if not set.
 */
export function hubCache(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const home = env["HF_HOME"] || join(base, "huggingface");
  return env["HF_HUB_CACHE"] || join(home, "hub");
}

/** The folder of a repository in a cache. */
export function repoFolder(cacheDir: string, repo: string, kind: RepoKind = "model"): string {
  return join(cacheDir, `${kind}s--${repo.replace("/", "--")}`);
}
