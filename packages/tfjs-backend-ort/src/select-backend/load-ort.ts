/** Loads this package's own backend: finds ONNX Runtime's library and registers `ort`. */
import { registerOrtBackend } from "../register.ts";
import { loadRuntime } from "../runtime/select.ts";

/**
 * Registers `ort` and loads the runtime now, so that a missing library is known before a program
 * depends on it.
 * @param threads of ONNX Runtime's pool; default: what the machine has available to this process
 * @throws UnavailableError where ONNX Runtime has no library for this machine (Intel Macs) or
 *   neither runtime loads
 */
export async function loadOrt(threads?: number): Promise<string> {
  registerOrtBackend();
  const runtime = loadRuntime(threads === undefined ? {} : { threads });
  const count = `${runtime.threads} ${runtime.threads === 1 ? "thread" : "threads"}`;
  return `ONNX Runtime ${runtime.version} through ${runtime.name}, ${count}`;
}
