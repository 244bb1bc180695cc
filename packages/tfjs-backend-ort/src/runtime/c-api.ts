/**
 * The copy-free runtime: ONNX Runtime's C API called directly. One environment per process with one
 * thread pool and one arena, shared by all sessions. Neither is ever given back to the system: both
 * live as long as the process.
 */
import { SessionError, UnavailableError } from "../errors.ts";
import { Graph } from "../graph/graph.ts";
import { encodeModel } from "../onnx/encode.ts";
import { CSession } from "./c-session.ts";
import { CWeightStore, GivenConstants } from "./c-weights.ts";
import {
  check,
  type OrtApi,
  type OrtLibrary,
  openLibrary,
  type Pointer,
  pointerFrom,
} from "./ort-api.ts";
import { OrtValues } from "./ort-values.ts";
import type { Model, Runtime, Session, SessionOptions } from "./runtime.ts";
import { SESSION_CONFIG } from "./session-config.ts";

/** OrtLoggingLevel: errors reach the caller as exceptions, not as lines on stderr. */
const LOG_FATAL = 4;
/** OrtAllocatorType: only an allocator of this type is shared as an arena. */
const ARENA_ALLOCATOR = 1;
const DEFAULT_MEMORY = 0;
/** GraphOptimizationLevel ORT_ENABLE_ALL. */
const OPTIMIZE_ALL = 99;
/** Makes a session allocate from the environment's arena. */
const SHARED_ARENA = { "session.use_env_allocators": "1" };

/**
 * Loads the library at `file` and creates the process's environment. Once per process.
 * @param threads of the one pool that all sessions share, the calling thread included
 * @throws UnavailableError when koffi, the library or the environment cannot be had
 */
export function loadCApi(file: string, threads: number): Runtime {
  const library = openLibrary(file);
  const { api, version } = library;
  try {
    const environment = createEnvironment(api, threads);
    const values = new OrtValues(api);
    const runtime: Runtime = {
      name: "c-api",
      version,
      threads,
      offThread: true,
      createWeightStore: () => new CWeightStore(api),
      createSession: (model, options = {}) =>
        createSession(library, environment, values, model, options),
    };
    tryOut(runtime);
    return runtime;
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    throw new UnavailableError(`loadCApi: expected ONNX Runtime to run, got: ${error.message}.`, {
      cause: error,
    });
  }
}

/**
 * Runs one operator. Fails where other code of the process created the environment before, without
 * the thread pool that sessions here share.
 */
function tryOut(runtime: Runtime): void {
  const graph = new Graph("trial");
  const scalar = { dtype: "float32", shape: [] } as const;
  graph.outputs.push(graph.node("Neg", [graph.input([], "float32")], scalar));
  const output = { ...scalar, data: new Float32Array(1) };
  const session = runtime.createSession(encodeModel(graph));
  session.run([{ ...scalar, data: Float32Array.of(1) }], [output]);
  session.dispose();
  if (output.data[0] !== -1) {
    throw new SessionError(`trial: expected the negative of 1, got ${output.data[0]}.`);
  }
}

function createEnvironment(api: OrtApi, threads: number): Pointer {
  const threading = pointerFrom(api, "threading options", (out) => api.CreateThreadingOptions(out));
  let environment: Pointer;
  try {
    check(api, api.SetGlobalIntraOpNumThreads(threading, threads), "threads");
    environment = pointerFrom(api, "environment", (out) =>
      api.CreateEnvWithGlobalThreadPools(LOG_FATAL, "tfjs-backend-ort", threading, out),
    );
  } finally {
    api.ReleaseThreadingOptions(threading);
  }
  const memory = pointerFrom(api, "arena", (out) =>
    api.CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, out),
  );
  try {
    // null: growth in powers of two. Growth by what is asked for gave the same peaks and speeds.
    check(api, api.CreateAndRegisterAllocator(environment, memory, null), "arena");
  } catch (error) {
    api.ReleaseEnv(environment);
    throw error;
  } finally {
    api.ReleaseMemoryInfo(memory);
  }
  return environment;
}

function createSession(
  library: OrtLibrary,
  environment: Pointer,
  values: OrtValues,
  model: Model,
  options: SessionOptions,
): Session {
  const { api } = library;
  const { bytes } = model;
  const where = `createSession ${model.name}`;
  const native = createOptions(api, where, options);
  const store = options.weights instanceof CWeightStore ? options.weights : null;
  let constants: GivenConstants | null = null;
  try {
    if (model.stored.length > 0) {
      if (!store) throw new SessionError(`${where}: expected a weight store, got none.`);
      constants = new GivenConstants(library, values, store, model.stored, native, where);
    }
    const session = pointerFrom(api, where, (out) =>
      constants && store
        ? api.CreateSessionFromArrayWithPrepackedWeightsContainer(
            environment,
            bytes,
            bytes.length,
            native,
            store.container,
            out,
          )
        : api.CreateSessionFromArray(environment, bytes, bytes.length, native, out),
    );
    return new CSession(library, values, session, model, constants);
  } catch (error) {
    constants?.dispose();
    throw error;
  } finally {
    api.ReleaseSessionOptions(native);
  }
}

function createOptions(api: OrtApi, where: string, { profilePrefix }: SessionOptions): Pointer {
  const options = pointerFrom(api, where, (out) => api.CreateSessionOptions(out));
  const set = (status: Pointer | null) => check(api, status, where);
  try {
    set(api.SetSessionGraphOptimizationLevel(options, OPTIMIZE_ALL));
    set(api.DisablePerSessionThreads(options));
    for (const [key, value] of Object.entries({ ...SESSION_CONFIG, ...SHARED_ARENA })) {
      set(api.AddSessionConfigEntry(options, key, value));
    }
    // A memory pattern is one more block of the size of all intermediate results, beside those of
    // the run that it was measured on: a third of the peak, for no measurable speed.
    set(api.DisableMemPattern(options));
    if (profilePrefix !== undefined) set(api.EnableProfiling(options, profilePrefix));
  } catch (error) {
    api.ReleaseSessionOptions(options);
    throw error;
  }
  return options;
}
