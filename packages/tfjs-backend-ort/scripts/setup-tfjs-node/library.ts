/**
 * Finds a TensorFlow library and its headers, and lays them out as @tensorflow/tfjs-node expects
 * them in its `deps` directory. Linux only: elsewhere the names differ and none was tried.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { SetupError } from "./setup-error.ts";

/** A TensorFlow to build against; absolute paths. */
export interface Library {
  /** Holds `tensorflow/c/c_api.h`. */
  readonly include: string;
  /** The library with the C API. */
  readonly tensorflow: string;
  readonly framework: string;
}

const HEADERS = ["tensorflow/c/c_api.h", "tensorflow/c/eager/c_api.h"];
const FRAMEWORK = "libtensorflow_framework.so.2";
/** In wheels, and in archives that hold only the C API. */
const TENSORFLOW = ["libtensorflow_cc.so.2", "libtensorflow.so.2"];

/** What a wheel must give up for {@link findLibrary}. */
const EXTRACT_WHEEL = `
import sys, zipfile
libraries = {"tensorflow/" + name for name in sys.argv[3:]}
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist()
                                   if name in libraries or name.startswith("tensorflow/include/")])
`;

/**
 * Looks for libraries and headers in `directory`: an installed `tensorflow` package, the directory
 * that holds it, or an unpacked archive with `include` and `lib`.
 * @throws SetupError that lists what is missing
 */
export function findLibrary(directory: string): Library {
  const root = resolve(directory);
  if (!existsSync(root)) {
    throw new SetupError(`--lib: expected a directory or a wheel, got nothing at ${root}.`);
  }
  const home = [root, join(root, "tensorflow")].find((place) => existsSync(join(place, "include")));
  if (!home) {
    throw new SetupError(
      `--lib: expected TensorFlow's "include" and libraries, got no "include" in ${root}. Give a ` +
        "wheel, site-packages/tensorflow, or an unpacked libtensorflow archive.",
    );
  }
  const include = join(home, "include");
  const tensorflow = findIn(home, TENSORFLOW);
  const framework = findIn(home, [FRAMEWORK]);
  const missing = HEADERS.filter((header) => !existsSync(join(include, header))).map(
    (header) => `include/${header}`,
  );
  if (!framework) missing.push(FRAMEWORK);
  if (!tensorflow) missing.push(TENSORFLOW.join(" or "));
  if (!tensorflow || !framework || missing.length > 0) {
    throw new SetupError(
      `--lib: expected TensorFlow 2 for Linux with headers in ${home}, got none of: ` +
        `${missing.join(", ")}.`,
    );
  }
  return { include, tensorflow, framework };
}

function findIn(home: string, names: readonly string[]): string | undefined {
  return [home, join(home, "lib")]
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find((path) => existsSync(path));
}

/**
 * Unpacks the libraries and headers of a wheel (a zip file).
 * @param python an interpreter, which node-gyp needs as well
 * @returns the directory for {@link findLibrary}
 * @throws SetupError when the file is not a wheel
 */
export function extractWheel(wheel: string, target: string, python: string): string {
  try {
    execFileSync(python, ["-c", EXTRACT_WHEEL, resolve(wheel), target, FRAMEWORK, ...TENSORFLOW], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const reason = stderr?.trim().split("\n").at(-1) ?? (error as Error).message;
    throw new SetupError(`--lib: expected a wheel, got ${wheel} that does not unpack: ${reason}.`);
  }
  return target;
}

/**
 * Links a library into a fresh `deps/include` and `deps/lib`, each library under the name it is
 * linked by (`-ltensorflow`) and the one it is loaded by.
 */
export function layOut(library: Library, deps: string): void {
  const lib = join(deps, "lib");
  const include = join(deps, "include");
  for (const path of [lib, include]) rmSync(path, { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  symlinkSync(library.include, include);
  symlinkSync(library.tensorflow, join(lib, "libtensorflow.so"));
  symlinkSync(library.framework, join(lib, "libtensorflow_framework.so"));
  for (const path of [library.tensorflow, library.framework]) {
    symlinkSync(path, join(lib, basename(path)));
  }
}
