/**
 * The process's one runtime: the C API where it loads, else the onnxruntime-node addon. ONNX
 * Runtime's environment is global, so the first choice holds until the process ends.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { UnavailableError } from "../errors.ts";
import { loadCApi } from "./c-api.ts";
import { findLibrary } from "./library.ts";
import { loadNodeBinding } from "./node-binding.ts";
import type { Runtime, RuntimeName, RuntimeOptions } from "./runtime.ts";

/** Environment variable that chooses the runtime where the program does not. */
const VARIABLE = "PREFLAB_ORT_RUNTIME";

/** A runtime and why it is that one. */
export interface RuntimeInUse {
  readonly runtime: Runtime;
  /** One sentence. */
  readonly reason: string;
}

let inUse: RuntimeInUse | null = null;

/** The runtime that {@link loadRuntime} loaded, or null before. */
export function runtimeInUse(): RuntimeInUse | null {
  return inUse;
}

/**
 * The process's runtime, loaded on the first call.
 * @throws UnavailableError when it cannot be loaded, or when another one or another number of
 *   threads was loaded before
 */
export function loadRuntime(options: RuntimeOptions = {}): Runtime {
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new UnavailableError(`loadRuntime: expected threads to be at least 1, got ${threads}.`);
  }
  if (inUse) {
    requireSame(inUse.runtime, options);
  } else {
    inUse = load(options, threads ?? availableParallelism());
  }
  return inUse.runtime;
}

function requireSame(loaded: Runtime, { runtime, threads }: RuntimeOptions): void {
  if (runtime !== undefined && runtime !== "auto" && runtime !== loaded.name) {
    throw new UnavailableError(
      `loadRuntime: expected the runtime that this process loaded, ${loaded.name}, got ${runtime}. ` +
        "Ask for it before anything runs.",
    );
  }
  if (threads !== undefined && threads !== loaded.threads) {
    throw new UnavailableError(
      `loadRuntime: expected the ${loaded.threads} threads that this process started, got ` +
        `${threads}. Ask for them before anything runs.`,
    );
  }
}

function load(options: RuntimeOptions, threads: number): RuntimeInUse {
  const variable = process.env[VARIABLE];
  const choice = options.runtime ?? (variable ? parse(variable) : "auto");
  if (choice !== "auto") {
    const by = options.runtime ? "the program" : VARIABLE;
    return { runtime: LOADERS[choice](threads), reason: `${by} asks for it` };
  }
  try {
    const reason = "it copies nothing and leaves the event loop free";
    return { runtime: LOADERS["c-api"](threads), reason };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    const reason = `the C API cannot be used: ${error.message}`;
    return { runtime: LOADERS["onnxruntime-node"](threads), reason };
  }
}

const LOADERS: Readonly<Record<RuntimeName, (threads: number) => Runtime>> = {
  "c-api": (threads) => loadCApi(libraryFile(), threads),
  "onnxruntime-node": (threads) => {
    // Also here: where there is no library there is no addon, and this says so.
    libraryFile();
    return loadNodeBinding(threads);
  },
};

function libraryFile(): string {
  const { platform, arch } = process;
  const { resolve } = createRequire(import.meta.url);
  return findLibrary({ platform, arch, resolve, exists: existsSync });
}

function parse(value: string): RuntimeName | "auto" {
  if (value === "auto" || Object.hasOwn(LOADERS, value)) return value as RuntimeName | "auto";
  const known = ["auto", ...Object.keys(LOADERS)].join(", ");
  throw new UnavailableError(`loadRuntime: expected ${VARIABLE} to be ${known}, got ${value}.`);
}
