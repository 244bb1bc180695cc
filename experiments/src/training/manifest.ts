/** What manifest.json says of a run: all that it takes to repeat it, and to know where it was made. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { RunManifest } from "@preflab/lm";
import type { Selection } from "@preflab/tfjs-backend-ort";
import type { Fingerprint } from "./fingerprint.ts";

/** Packages whose version can change results. */
const VERSIONED = ["@tensorflow/tfjs-core", "onnxruntime-node", "@huggingface/tokenizers"];

/** What differs from run to run. */
export interface ManifestParts {
  /** Name of the command, such as `sft`. */
  readonly command: string;
  /** All settings, with defaults. */
  readonly config: { readonly seed: number; readonly [key: string]: unknown };
  /** Files that the run depends on; null where it needs none. */
  readonly inputs: Readonly<Record<string, Fingerprint | null>>;
  readonly backend: Selection;
  readonly threads: number | null;
}

/** The manifest of a run that starts now. */
export async function runManifest(parts: ManifestParts): Promise<RunManifest> {
  const { command, config, inputs, backend, threads } = parts;
  const [cpu] = cpus();
  return {
    command,
    config,
    inputs,
    seed: config.seed,
    backend: { name: backend.name, reason: backend.reason, threads },
    versions: { commit: await commit(), node: process.versions.node, ...(await versions()) },
    hardware: {
      cpu: cpu?.model ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      platform: `${platform()} ${arch()}`,
    },
    startedAt: new Date().toISOString(),
  };
}

/** Versions of packages that are installed. */
async function versions(): Promise<Record<string, string>> {
  const backend = createRequire(import.meta.resolve("@preflab/tfjs-backend-ort"));
  const lm = createRequire(import.meta.resolve("@preflab/lm"));
  const found: Record<string, string> = {};
  for (const name of VERSIONED) {
    for (const { resolve } of [backend, lm]) {
      const version = await versionIn(() => resolve(`${name}/package.json`));
      if (version !== null) found[name] = version;
    }
  }
  return found;
}

async function versionIn(find: () => string): Promise<string | null> {
  try {
    const { version } = JSON.parse(await readFile(find(), "utf8")) as { version?: unknown };
    return typeof version === "string" ? version : null;
  } catch {
    // A package may hide its package.json, or not be there: optional ones need not be.
    return null;
  }
}

/** The commit of the sources; null outside a repository. */
async function commit(): Promise<string | null> {
  const cwd = dirname(fileURLToPath(import.meta.url));
  try {
    const { stdout } = await promisify(execFile)("git", ["rev-parse", "HEAD"], { cwd });
    return stdout.trim();
  } catch {
    return null;
  }
}
