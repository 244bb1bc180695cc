/** The steps of the setup that run other programs: npm, node-pre-gyp, and a child that verifies. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TensorflowPackage } from "../../src/select-backend/tensorflow-failures.ts";
import { TFJS_NODE_VERSION } from "../../src/select-backend/tensorflow-failures.ts";
import { SetupError } from "./setup-error.ts";
import type { Report } from "./verify.ts";

/** Installs the package into `root`/node_modules, nothing else changed. @returns its directory */
export function installPackage(root: string, name: TensorflowPackage): string {
  const spec = `${name}@${TFJS_NODE_VERSION}`;
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  npm(["install", ...flags, spec], root, `npm could not install ${spec}.`);
  const directory = join(root, "node_modules", name);
  if (!existsSync(join(directory, "package.json"))) {
    throw new SetupError(`expected npm to install ${spec} into ${directory}, got nothing there.`);
  }
  return directory;
}

/** Runs the package's own installer, which downloads libtensorflow and a prebuilt binding. */
export function runOwnInstaller(directory: string, gpu: boolean): void {
  npm(
    ["exec", "-c", `node scripts/install.js${gpu ? " gpu download" : ""}`],
    directory,
    "The package's installer could not download libtensorflow (from storage.googleapis.com, or " +
      "TFJS_NODE_CDN_STORAGE where set). Give your own TensorFlow with --lib DIR_OR_WHEEL.",
  );
}

/** Compiles the binding against the `deps` in the package's directory. */
export function buildBinding(directory: string, nodedir: string | undefined): void {
  const flag = nodedir ? ` "--nodedir=${nodedir}"` : "";
  npm(
    ["exec", "-c", `node-pre-gyp install --build-from-source${flag}`],
    directory,
    "The binding did not compile; the reason is above. This TensorFlow may be too old or too new " +
      "for tfjs-node 4.22.0 (tried: 2.21.0), or Node's headers are missing (--nodedir).",
  );
}

/** Loads the package in a process of its own, so that a crash there is an error here. */
export function verify(root: string, name: TensorflowPackage): Report {
  const script = join(import.meta.dirname, "verify.ts");
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", script, name],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) {
    const end = signal ? `signal ${signal}` : `exit code ${status}`;
    throw new SetupError(`expected ${name} to load and compute, got ${end}:\n${stderr.trim()}`);
  }
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
}

function npm(args: readonly string[], cwd: string, failure: string): void {
  // Under `npm run` this is the npm in use; its path is a script on every system.
  const { npm_execpath: cli } = process.env;
  const command = cli ? process.execPath : "npm";
  const { status, error } = spawnSync(command, cli ? [cli, ...args] : args, {
    cwd,
    stdio: "inherit",
  });
  if (status === 0) return;
  const end = error ? error.message : `exit code ${status}`;
  throw new SetupError(`npm ${args.join(" ")}: expected success, got ${end}. ${failure}`);
}
