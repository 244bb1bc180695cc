/**
 * Installs @tensorflow/tfjs-node(-gpu) for the backend `tensorflow`, with its own download or built
 * against a TensorFlow of the user. `npm run setup:tfjs-node -- --help` has the options; the steps
 * are in ./setup-tfjs-node.
 */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { HELP, parseSetupArgs, type SetupOptions } from "./setup-tfjs-node/args.ts";
import { extractWheel, findLibrary, layOut } from "./setup-tfjs-node/library.ts";
import { SetupError } from "./setup-tfjs-node/setup-error.ts";
import { buildBinding, installPackage, runOwnInstaller, verify } from "./setup-tfjs-node/steps.ts";
import { findToolchain } from "./setup-tfjs-node/toolchain.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

function setup({ lib, gpu, nodedir }: SetupOptions): void {
  const name = gpu ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
  if (lib === undefined) {
    runOwnInstaller(installPackage(ROOT, name), gpu);
  } else {
    // npm runs scripts in the root; the user's path is relative to where npm was called.
    const { INIT_CWD = "" } = process.env;
    buildAgainst(resolve(INIT_CWD, lib), name, nodedir);
  }
  const { version, gpu: onGpu, loadMs, matMulMs } = verify(ROOT, name);
  console.log(
    `${name} works: TensorFlow ${version} on ${onGpu ? "GPU" : "CPU"}, loads in ${loadMs} ms, ` +
      `512 x 512 x 512 matMul in ${matMulMs} ms.`,
  );
  if (gpu && !onGpu) {
    console.log("It found no GPU: check nvidia-smi and LD_LIBRARY_PATH. It runs on the CPU.");
  }
}

function buildAgainst(
  lib: string,
  name: "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu",
  nodedir: string | undefined,
): void {
  if (process.platform !== "linux") {
    throw new SetupError(
      `--lib: expected Linux, got ${process.platform}. Leave --lib out: the package's own ` +
        "installer has libraries for macOS and Windows.",
    );
  }
  // Everything that can be wrong is looked for before anything is installed.
  const toolchain = findToolchain(process.env, nodedir);
  const isWheel = lib.endsWith(".whl");
  if (isWheel && !existsSync(lib)) {
    throw new SetupError(`--lib: expected a wheel, got nothing at ${lib}.`);
  }
  const given = isWheel ? null : findLibrary(lib);
  const directory = installPackage(ROOT, name);
  const deps = join(directory, "deps");
  rmSync(deps, { recursive: true, force: true });
  layOut(given ?? findLibrary(extractWheel(lib, join(deps, "wheel"), toolchain.python)), deps);
  buildBinding(directory, toolchain.nodedir);
}

try {
  const options = parseSetupArgs(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else setup(options);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup:tfjs-node: ${error.message}`);
  process.exitCode = 1;
}
