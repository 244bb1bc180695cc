/**
 * The runtime over the onnxruntime-node addon, for machines where the C API cannot be called
 * directly. It uses the addon's inner binding, whose `run` is synchronous. Inputs are not copied;
 * outputs are written in place and then copied once more into arrays that nobody reads.
 */
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import { SessionError, UnavailableError } from "../errors.ts";
import { Ports } from "./ports.ts";
import type { HostTensor, Model, PortSpec, Runtime, Session, SessionOptions } from "./runtime.ts";
import { SESSION_CONFIG } from "./session-config.ts";

/**
 * The version whose inner binding this file knows: later ones copy inputs and return other arrays
 * than those given for outputs.
 */
const VERSION = "1.30.0";
/** OrtLoggingLevel: errors reach the caller as exceptions, not as lines on stderr. */
const LOG_FATAL = 4;

type OrtTensor = import("onnxruntime-node").Tensor;
type OrtTensors = Record<string, OrtTensor>;

/** The addon's session, see onnxruntime-node/lib/binding.ts. */
interface BindingSession {
  loadModel(buffer: ArrayBufferLike, offset: number, bytes: number, options: object): void;
  run(feeds: OrtTensors, fetches: OrtTensors, options: object): OrtTensors;
  dispose(): void;
}

interface Addon {
  readonly binding: {
    readonly InferenceSession: new () => BindingSession;
    initOrtOnce(logLevel: number, tensor: object, mainThread: boolean): void;
  };
  readonly Tensor: new (
    type: string,
    data: HostTensor["data"],
    dims: readonly number[],
  ) => OrtTensor;
}

/**
 * Loads the addon and creates the process's environment. Once per process.
 * @param threads of each session's own pool, the calling thread included
 * @throws UnavailableError when the addon does not load or is of another version
 */
export function loadNodeBinding(threads: number): Runtime {
  const addon = loadAddon();
  addon.binding.initOrtOnce(LOG_FATAL, addon.Tensor, isMainThread);
  return {
    name: "onnxruntime-node",
    version: VERSION,
    threads,
    offThread: false,
    createWeightStore: null,
    createSession: (model, options = {}) => new NodeSession(addon, model, threads, options),
  };
}

function loadAddon(): Addon {
  const require = createRequire(import.meta.url);
  try {
    const { version } = require("onnxruntime-node/package.json");
    if (version !== VERSION) throw new Error(`version ${version}`);
    const { binding } = require("onnxruntime-node/dist/binding.js");
    return { binding, Tensor: require("onnxruntime-node").Tensor };
  } catch (error) {
    throw new UnavailableError(
      `loadNodeBinding: expected onnxruntime-node ${VERSION} to load, got: ${messageOf(error)}. ` +
        "Install exactly that version.",
      { cause: error },
    );
  }
}

class NodeSession implements Session {
  readonly #addon: Addon;
  readonly #model: Model;
  readonly #ports: Ports;
  readonly #session: BindingSession;
  readonly #tensors = new WeakMap<HostTensor, OrtTensor>();
  #disposed = false;

  constructor(addon: Addon, model: Model, threads: number, options: SessionOptions) {
    this.#addon = addon;
    this.#model = model;
    this.#ports = new Ports(model);
    this.#session = new addon.binding.InferenceSession();
    const { buffer, byteOffset, byteLength } = model.bytes;
    native(`createSession ${model.name}`, () =>
      this.#session.loadModel(buffer, byteOffset, byteLength, bindingOptions(threads, options)),
    );
  }

  run(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): void {
    const { name, inputs: inputPorts, outputs: outputPorts } = this.#model;
    if (this.#disposed) {
      throw new SessionError(`session ${name}: expected a live session, got a disposed one.`);
    }
    this.#ports.check(inputs, outputs);
    const feeds = this.#named(inputPorts, inputs);
    const fetches = this.#named(outputPorts, outputs);
    native(`session ${name}`, () => this.#session.run(feeds, fetches, {}));
  }

  async runAsync(inputs: readonly HostTensor[], outputs: readonly HostTensor[]): Promise<void> {
    this.run(inputs, outputs);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#session.dispose();
  }

  #named(ports: readonly PortSpec[], tensors: readonly HostTensor[]): OrtTensors {
    const named: OrtTensors = {};
    ports.forEach(({ name }, i) => {
      named[name] = this.#tensorOf(tensors[i] as HostTensor);
    });
    return named;
  }

  #tensorOf(tensor: HostTensor): OrtTensor {
    const known = this.#tensors.get(tensor);
    if (known && known.data === tensor.data && known.dims === tensor.shape) return known;
    const made = new this.#addon.Tensor(tensor.dtype, tensor.data, tensor.shape);
    this.#tensors.set(tensor, made);
    return made;
  }
}

function bindingOptions(threads: number, { profilePrefix }: SessionOptions): object {
  return {
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    logSeverityLevel: LOG_FATAL,
    // See c-api.ts.
    enableMemPattern: false,
    // Every session has threads of its own: those of an idle one must not spin against the others.
    extra: { ...SESSION_CONFIG, "session.force_spinning_stop": "1" },
    ...(profilePrefix === undefined
      ? {}
      : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
}

/** @throws SessionError for whatever `call` throws */
function native<T>(where: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new SessionError(`${where}: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
