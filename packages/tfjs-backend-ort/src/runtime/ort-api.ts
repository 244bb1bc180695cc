/**
 * ONNX Runtime's C API as typed functions, called through koffi. The library exports one symbol,
 * which leads to a table of function pointers (struct OrtApi in onnxruntime_c_api.h). Members are
 * called by their position in that struct: the header only ever appends to it and asserts the
 * position at which each version ends, so a position holds for every later library.
 */
import { createRequire } from "node:module";
import { SessionError, UnavailableError } from "../errors.ts";

/** Address of a native object. */
export type Pointer = bigint;
/** `OrtStatus*`: null for success, else an error that {@link check} turns into an exception. */
export type Status = Pointer | null;
/** Memory that a native function reads or writes during the call. */
type Memory = ArrayBufferView;

/** Inputs and outputs of a run: names and values as arrays of pointers. */
type RunArguments = [
  session: Pointer,
  options: null,
  inputNames: Memory,
  inputs: Memory,
  inputCount: number,
  outputNames: Memory,
  outputCount: number,
  outputs: Memory,
];

/** The members of OrtApi that this package calls. `out` receives a pointer. */
export interface OrtApi {
  GetErrorMessage(status: Pointer): string;
  CreateSessionFromArray(
    environment: Pointer,
    model: Memory,
    bytes: number,
    options: Pointer,
    out: Memory,
  ): Status;
  Run: {
    (...args: RunArguments): Status;
    /** The same on a worker thread. What `args` points to must stay alive until `done`. */
    async(...args: [...RunArguments, done: (error: unknown, status: Status) => void]): void;
  };
  CreateSessionOptions(out: Memory): Status;
  EnableProfiling(options: Pointer, filePrefix: string): Status;
  DisableMemPattern(options: Pointer): Status;
  SetSessionGraphOptimizationLevel(options: Pointer, level: number): Status;
  CreateTensorWithDataAsOrtValue(
    memoryInfo: Pointer,
    data: Memory,
    bytes: number,
    shape: Memory,
    rank: number,
    type: number,
    out: Memory,
  ): Status;
  CreateCpuMemoryInfo(allocatorType: number, memoryType: number, out: Memory): Status;
  ReleaseEnv(environment: Pointer): void;
  ReleaseStatus(status: Pointer): void;
  ReleaseMemoryInfo(memoryInfo: Pointer): void;
  ReleaseSession(session: Pointer): void;
  ReleaseValue(value: Pointer): void;
  ReleaseSessionOptions(options: Pointer): void;
  CreateEnvWithGlobalThreadPools(
    logLevel: number,
    logId: string,
    threading: Pointer,
    out: Memory,
  ): Status;
  DisablePerSessionThreads(options: Pointer): Status;
  CreateThreadingOptions(out: Memory): Status;
  ReleaseThreadingOptions(threading: Pointer): void;
  AddSessionConfigEntry(options: Pointer, key: string, value: string): Status;
  CreateAndRegisterAllocator(environment: Pointer, memoryInfo: Pointer, config: null): Status;
  SetGlobalIntraOpNumThreads(threading: Pointer, threads: number): Status;
  /** The value must outlive the session, which reads it where it is. */
  AddInitializer(options: Pointer, name: string, value: Pointer): Status;
  CreatePrepackedWeightsContainer(out: Memory): Status;
  ReleasePrepackedWeightsContainer(container: Pointer): void;
  CreateSessionFromArrayWithPrepackedWeightsContainer(
    environment: Pointer,
    model: Memory,
    bytes: number,
    options: Pointer,
    container: Pointer,
    out: Memory,
  ): Status;
  AddExternalInitializers(options: Pointer, names: Memory, values: Memory, count: number): Status;
}

type Member = readonly [position: number, result: string, parameters: readonly string[]];

const P = "void *";
// Paths are wide strings on Windows (ORTCHAR_T in the header).
const PATH = process.platform === "win32" ? "str16" : "str";

/** The first API version that has all members below. */
const API_VERSION = 12;

const MEMBERS: Readonly<Record<keyof OrtApi, Member>> = {
  GetErrorMessage: [2, "str", [P]],
  CreateSessionFromArray: [8, P, [P, P, "size_t", P, P]],
  Run: [9, P, [P, P, P, P, "size_t", P, "size_t", P]],
  CreateSessionOptions: [10, P, [P]],
  EnableProfiling: [14, P, [P, PATH]],
  DisableMemPattern: [17, P, [P]],
  SetSessionGraphOptimizationLevel: [23, P, [P, "int"]],
  CreateTensorWithDataAsOrtValue: [49, P, [P, P, "size_t", P, "size_t", "int", P]],
  CreateCpuMemoryInfo: [69, P, ["int", "int", P]],
  ReleaseEnv: [92, "void", [P]],
  ReleaseStatus: [93, "void", [P]],
  ReleaseMemoryInfo: [94, "void", [P]],
  ReleaseSession: [95, "void", [P]],
  ReleaseValue: [96, "void", [P]],
  ReleaseSessionOptions: [100, "void", [P]],
  CreateEnvWithGlobalThreadPools: [119, P, ["int", "str", P, P]],
  DisablePerSessionThreads: [120, P, [P]],
  CreateThreadingOptions: [121, P, [P]],
  ReleaseThreadingOptions: [122, "void", [P]],
  AddSessionConfigEntry: [130, P, [P, "str", "str"]],
  CreateAndRegisterAllocator: [144, P, [P, P, P]],
  SetGlobalIntraOpNumThreads: [147, P, [P, "int"]],
  AddInitializer: [150, P, [P, "str", P]],
  CreatePrepackedWeightsContainer: [166, P, [P]],
  ReleasePrepackedWeightsContainer: [167, "void", [P]],
  CreateSessionFromArrayWithPrepackedWeightsContainer: [169, P, [P, P, "size_t", P, P, P]],
  AddExternalInitializers: [210, P, [P, P, P, "size_t"]],
};

const POINTER_BYTES = 8;

/**
 * koffi runs native functions on stacks of its own, by default 128 KiB off the event loop: less
 * than one block of a matrix product. These are the most it allows; only touched pages cost memory.
 */
const STACK_BYTES = 16 * 2 ** 20;
/** What threads commonly have, and enough for ONNX Runtime. */
const MIN_STACK_BYTES = 2 ** 20;

type Koffi = typeof import("koffi");

/** An opened library. */
export interface OrtLibrary {
  readonly api: OrtApi;
  /** Of the library, for example "1.30.0". */
  readonly version: string;
  /** Address of memory that does not move: of a typed array, once its `buffer` has been read. */
  readonly address: (memory: ArrayBufferView) => Pointer;
}

/**
 * Opens the library at `file`.
 * @throws UnavailableError when koffi or the library cannot be loaded here, or the library does not
 *   know the API version
 */
export function openLibrary(file: string): OrtLibrary {
  const koffi = loadKoffi();
  configureStacks(koffi);
  try {
    const library = koffi.load(file);
    const base: Pointer = library.func("OrtGetApiBase", P, [])();
    const [getApi, getVersion]: Pointer[] = koffi.decode(base, P, 2);
    const version: string = koffi.call(getVersion, koffi.proto("str", []));
    const table: Pointer | null = koffi.call(getApi, koffi.proto(P, ["uint32_t"]), API_VERSION);
    if (table === null) throw new Error(`it has no API version ${API_VERSION}`);
    const functions = Object.entries(MEMBERS).map(([name, [position, result, parameters]]) => {
      const member = koffi.decode(table, position * POINTER_BYTES, P);
      return [name, koffi.decode(member, koffi.proto(result, [...parameters]))] as const;
    });
    // koffi's functions are untyped; MEMBERS has exactly the members of OrtApi.
    const api = Object.fromEntries(functions) as unknown as OrtApi;
    return { api, version, address: (memory) => koffi.address(memory) };
  } catch (error) {
    throw new UnavailableError(
      `openLibrary: expected ONNX Runtime's C API in ${file}, got: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)("koffi");
  } catch (error) {
    throw new UnavailableError(
      `openLibrary: expected the package koffi to load, got: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

function configureStacks(koffi: Koffi): void {
  try {
    koffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  } catch {
    // Refused once a library has been loaded, by this package in another module or by others.
  }
  const { sync_stack_size = 0, async_stack_size = 0 } = koffi.config();
  const actual = Math.min(sync_stack_size, async_stack_size);
  if (actual >= MIN_STACK_BYTES) return;
  throw new UnavailableError(
    `openLibrary: expected koffi stacks of at least ${MIN_STACK_BYTES} bytes, got ${actual}: ` +
      "another module loaded a library through koffi before. Load this backend first.",
  );
}

/**
 * Returns when `status` is success.
 * @param where names the operation, for the message
 * @throws SessionError with ONNX Runtime's own message
 */
export function check(api: OrtApi, status: Status, where: string): void {
  if (status === null) return;
  const message = api.GetErrorMessage(status).trim();
  api.ReleaseStatus(status);
  throw new SessionError(`${where}: ${message}`);
}

/**
 * The pointer that a function writes to its `out` parameter.
 * @throws SessionError as {@link check}
 */
export function pointerFrom(api: OrtApi, where: string, call: (out: Memory) => Status): Pointer {
  const out = new BigUint64Array(1);
  check(api, call(out), where);
  return out[0] as Pointer;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
