/** What an engineer does with npm, in folders outside the workspace. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, workspaces } from "../repo/workspace.ts";

/** The end of a command. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** npm's codes for a registry that cannot be reached. */
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/;

/** Runs a program. */
export function execute(program: string, args: readonly string[], cwd: string): Ended {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...env, TURBO_TELEMETRY_DISABLED: "1" },
    shell: process.platform === "win32",
  });
  return { status, out: stdout, err: stderr };
}

/** Builds and packs all packages that are to be published. @returns paths of the archives */
export function packPublic(folder: string): string[] {
  const built = execute("npx", ["turbo", "run", "build"], ROOT);
  if (built.status !== 0) throw new Error(`build failed:\n${built.out}${built.err}`);
  const folders = workspaces()
    .filter(({ manifest }) => manifest.private !== true)
    .map((workspace) => `./${workspace.folder}`);
  mkdirSync(folder);
  const packed = execute("npm", ["pack", "--json", "--pack-destination", folder, ...folders], ROOT);
  if (packed.status !== 0) throw new Error(`npm pack failed:\n${packed.err}`);
  const archives = JSON.parse(packed.out) as { filename: string }[];
  return archives.map(({ filename }) => join(folder, filename));
}

/**
 * Installs packages from the registry, or the cache, without running their scripts.
 * @returns why that is impossible here; undefined when it is done
 * @throws Error for any reason but a registry that cannot be reached
 */
export function install(folder: string, packages: readonly string[]): string | undefined {
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const { status, err } = execute("npm", ["install", ...flags, ...packages], folder);
  if (status === 0) return undefined;
  if (UNREACHABLE.test(err)) return "the registry cannot be reached";
  throw new Error(`npm install failed:\n${err}`);
}

/**
 * A Node of a major version: the running one, that of `$PREFLAB_NODE<major>`, or the registry's.
 * @param folder where one may be installed
 * @returns its path; or why there is none
 */
export function findNode(major: number, folder: string): { path: string } | { missing: string } {
  const name = `PREFLAB_NODE${major}`;
  const given = process.env[name];
  if (process.versions.node.startsWith(`${major}.`)) return { path: process.execPath };
  if (given !== undefined) return { path: given };
  // The packages that the package `node` consists of; that one needs its install script.
  const system = { darwin: "bin-darwin", win32: "win" }[process.platform as string];
  const binary = `node-${system ?? process.platform}-${process.arch}`;
  mkdirSync(folder);
  try {
    const problem = install(folder, [`${binary}@${major}`]);
    if (problem !== undefined) return { missing: `set ${name}: ${problem}` };
  } catch (error) {
    return { missing: `set ${name}: ${(error as Error).message}` };
  }
  const path = join(folder, "node_modules", binary, "bin", "node");
  return existsSync(path) ? { path } : { missing: `set ${name}: ${binary} has no bin/node` };
}
