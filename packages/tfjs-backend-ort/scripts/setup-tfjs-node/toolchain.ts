/** Finds what node-gyp needs to build the binding, so that a missing piece is named beforehand. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "./setup-error.ts";

/** The tools of a build. */
export interface Toolchain {
  readonly python: string;
  /** Directory with `include/node`; absent: node-gyp downloads the headers. */
  readonly nodedir?: string;
}

/** Whether a command runs. */
export type Probe = (command: string) => boolean;

/** Environment variables; npm passes its settings as `npm_config_*`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds compiler, make, Python and Node's headers.
 * @param nodedir overrides npm's setting
 * @throws SetupError that names everything missing at once, with the Debian packages to install
 */
export function findToolchain(
  env: Environment,
  nodedir: string | undefined,
  runs: Probe = runsHere,
): Toolchain {
  const missing: string[] = [];
  const { CXX, PYTHON, npm_config_python } = env;
  const compilers = CXX ? [CXX] : ["g++", "c++", "clang++"];
  if (!compilers.some(runs)) missing.push(`a C++ compiler (${compilers.join(", ")})`);
  if (!runs("make")) missing.push("make");
  const pythons = [npm_config_python, PYTHON, "python3", "python"];
  const python = pythons.find((name) => name && runs(name));
  if (!python) missing.push("Python 3");
  if (!python || missing.length > 0) {
    throw new SetupError(
      `expected the tools that build a Node addon, got all but ${missing.join(", ")}. On Debian ` +
        "and Ubuntu: apt-get install g++ make python3.",
    );
  }
  const headers = findHeaders(env, nodedir);
  return headers ? { python, nodedir: headers } : { python };
}

function findHeaders(
  { npm_config_nodedir }: Environment,
  nodedir: string | undefined,
): string | undefined {
  const asked = nodedir ?? npm_config_nodedir;
  const place = asked ?? dirname(dirname(process.execPath));
  if (existsSync(join(place, "include/node/node_api.h"))) return place;
  if (asked) {
    throw new SetupError(
      `expected Node's headers, got no include/node/node_api.h in ${asked}. Give the directory ` +
        "that Node is installed in with --nodedir, or install the headers (Debian: libnode-dev).",
    );
  }
  return undefined;
}

function runsHere(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}
