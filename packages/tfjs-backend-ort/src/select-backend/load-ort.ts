/** Loads this package's own backend: finds ONNX Runtime's library and registers `ort`. */
import { registerOrtBackend } from "../register.ts";
import type { RuntimeOptions } from "../runtime/runtime.ts";
import { loadRuntime, runtimeInUse } from "../runtime/select.ts";

/**
 * Registers `ort` and loads the runtime now, so that a missing library is known before a program
 * depends on it.
 * @throws UnavailableError where ONNX Runtime has no library for this machine (Intel Macs), no
 *   runtime loads, or this process has already loaded another one than asked for
 */
export async function loadOrt(options: RuntimeOptions): Promise<string> {
  registerOrtBackend();
  const { name, version, threads } = loadRuntime(options);
  const count = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  const why = runtimeInUse()?.reason;
  return `ONNX Runtime ${version} through ${name} (${why}), ${count}`;
}
