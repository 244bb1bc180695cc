/**
 * What the backend needs of ONNX Runtime, and nothing more. Two implementations: ./c-api.ts calls
 * the shared library directly (no copies, runs off the event loop), ./node-binding.ts goes through
 * the onnxruntime-node addon. One process may use only one: ONNX Runtime's environment is global.
 */
import type { DType, HostArray } from "../graph/dtypes.ts";

/** Which implementation of {@link Runtime}. */
export type RuntimeName = "c-api" | "onnxruntime-node";

/**
 * A tensor in host memory. Sessions may cache native handles per HostTensor object, so keep the
 * same object for buffers that are fed again and again (weights, optimizer state).
 */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: HostArray;
}

/** A compiled model. */
export interface Session {
  /**
   * Runs the model. Blocks the thread.
   * @param inputs in the order of the model's inputs
   * @param outputs in the order of the model's outputs, preallocated; written in place. An output
   *   may share memory with an input only where the model's author knows that to be safe.
   * @throws SessionError when ONNX Runtime reports an error, shapes or types do not fit the model,
   *   or the session is disposed
   */
  run(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): void;
  /**
   * Same, off the event loop where {@link Runtime.offThread}. The tensors may not be touched until
   * the promise settles. Calls on one session run one after the other, in order; `run` throws while
   * any is unfinished.
   */
  runAsync(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): Promise<void>;
  /** Frees native memory. Safe to call twice; runs that were asked for before finish first. */
  dispose(): void;
}

/** Shape and type of a model's input or output, as the session must be given it. */
export interface PortSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A constant of a model whose elements are not among the model's bytes. */
export interface StoredConstant {
  /** By which the model knows it. */
  readonly name: string;
  readonly tensor: HostTensor;
}

/**
 * Where the sessions of one model's weights keep them in the layout that matrix products read: once,
 * however many sessions there are.
 */
export interface WeightStore {
  /** Frees the weights when the last session with them is disposed. Safe to call twice. */
  dispose(): void;
}

/** A serialised model with its ports. */
export interface Model {
  readonly name: string;
  /** ONNX ModelProto. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  /** Constants that {@link bytes} only names. */
  readonly stored: readonly StoredConstant[];
}

/** A loaded ONNX Runtime. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Version of the shared library, for example "1.30.0". */
  readonly version: string;
  /** Threads of the intra-op pool. */
  readonly threads: number;
  /** Whether {@link Session.runAsync} leaves the event loop free. */
  readonly offThread: boolean;
  /** Makes a store for {@link SessionOptions.weights}; null where models must hold all constants. */
  readonly createWeightStore: (() => WeightStore) | null;
  /** Compiles a model. @throws SessionError when ONNX Runtime refuses it */
  createSession(model: Model, options?: SessionOptions): Session;
}

/** Choices made per session. */
export interface SessionOptions {
  /** Needed for models with stored constants, whose elements may not change any more. */
  readonly weights?: WeightStore;
  /**
   * Path prefix of a profile: on dispose, the time of every operator of every run is written to
   * `<prefix>_<date>.json` in Chrome's trace format. Slows every run.
   */
  readonly profilePrefix?: string;
}

/** Choices made once per process, when the runtime is loaded. */
export interface RuntimeOptions {
  /** Intra-op threads, at least 1; default: what the machine has available to this process. */
  readonly threads?: number;
  /** Default: the environment variable PREFLAB_ORT_RUNTIME, else "auto": c-api where it loads. */
  readonly runtime?: RuntimeName | "auto";
}
