/** Loads tfjs' WebAssembly backend from the optional package @tensorflow/tfjs-backend-wasm. */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { UnavailableError } from "../errors.ts";

const PACKAGE = "@tensorflow/tfjs-backend-wasm";
const BACKEND_NAME = "wasm";

/**
 * Registers `wasm` and tells it where its binaries are.
 * @param threads asked of the backend; tfjs 4.22 runs one thread under Node whatever is asked
 * @throws UnavailableError when the package is not installed or does not load
 */
export async function loadWasm(threads?: number): Promise<string> {
  try {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    // Paths and threads are read once, when the backend starts, and refused afterwards.
    if (!(BACKEND_NAME in tf.engine().registry)) {
      wasm.setWasmPaths(dirname(createRequire(import.meta.url).resolve(PACKAGE)) + sep);
      if (threads !== undefined) wasm.setThreadsCount(threads);
    }
    return `WebAssembly ${wasm.version_wasm}, one thread`;
  } catch (error) {
    throw new UnavailableError(
      `expected ${PACKAGE}, got "${error instanceof Error ? error.message : String(error)}". Run ` +
        `\`npm install ${PACKAGE}@${tf.version_core}\`.`,
      { cause: error },
    );
  }
}
