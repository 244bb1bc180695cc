/**
 * Compiles a function once per signature and keeps the results. What ./jit.ts and the training steps
 * have in common; it decides nothing about when to compile.
 */
import type { DataId } from "@tensorflow/tfjs-core";
import type { OrtBackend } from "../backend.ts";
import { LruCache } from "../cache.ts";
import type { CompileOptions } from "../compile.ts";
import { TraceError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { Runtime, WeightStore } from "../runtime/runtime.ts";
import { loadRuntime } from "../runtime/select.ts";
import type { ConstantTensors } from "./constants.ts";
import { Executable, type OutputHooks } from "./executable.ts";
import { type Recording, record } from "./record.ts";
import { type Flattened, flatten } from "./structure.ts";

/** Options of a compiled function. */
export interface JitOptions extends CompileOptions {
  /** Name in messages and printed graphs; default: the function's own. */
  readonly name?: string;
  /** Most compiled signatures kept; default 32. */
  readonly cacheSize?: number;
  /**
   * What a signature beyond `cacheSize` does: `error` (default), since a program whose shapes never
   * repeat spends its time compiling; `evict` drops the least recently used one.
   */
  readonly whenFull?: "error" | "evict";
  /** Captured tensors to store with the compiled function. Dispose the function before them. */
  readonly constants?: ConstantTensors;
}

const DEFAULT_CACHE_SIZE = 32;

/** Compiled signatures of one function. */
export class Compiler {
  readonly #fn: (...args: never[]) => unknown;
  readonly #name: string;
  readonly #options: JitOptions;
  readonly #hooks: OutputHooks;
  readonly #cache: LruCache<Executable>;

  constructor(fn: (...args: never[]) => unknown, options: JitOptions, hooks: OutputHooks = {}) {
    this.#fn = fn;
    this.#name = options.name ?? (fn.name || "anonymous");
    this.#options = options;
    this.#hooks = hooks;
    this.#cache = new LruCache(options.cacheSize ?? DEFAULT_CACHE_SIZE, (it) => it.dispose());
  }

  /** The compiled function for arguments like `args`. @throws see {@link record}, {@link Executable} */
  prepare(args: Flattened, backend: OrtBackend): Executable {
    const key = signature(args);
    const known = this.#cache.get(key);
    if (known) return known;
    if (this.#cache.isFull && this.#options.whenFull !== "evict") this.#refuse(key);
    const executable = this.#build(args, backend);
    this.#cache.set(key, executable);
    return executable;
  }

  /** The optimised graphs, least recently used first. */
  graphs(): readonly Graph[] {
    return this.#cache.values().map(({ graph }) => graph);
  }

  /** Frees all compiled signatures. */
  dispose(): void {
    this.#cache.clear();
  }

  #build(args: Flattened, backend: OrtBackend): Executable {
    const runtime = loadRuntime();
    const { constants } = this.#options;
    const store = constants?.storeOf(runtime) ?? null;
    const isConstant = store ? (dataId: DataId) => constants?.has(dataId) === true : undefined;
    let recording = record(this.#name, this.#fn, args, backend, isConstant);
    if (recording.created.length > 0) {
      // Optimizers make their slots on first use. They get their values, and are then variables like
      // all others in a second trace.
      this.#initialize(recording, args, backend, runtime, store);
      recording = record(this.#name, this.#fn, args, backend, isConstant);
      if (recording.created.length > 0) {
        for (const { variable } of recording.created) variable.dispose();
        throw new TraceError(
          `jit ${this.#name}: expected variables to be made on the first call only, got ` +
            `${recording.created.length} new ones on the second. Make them outside the function.`,
        );
      }
    }
    return new Executable(recording, backend, runtime, this.#options, this.#hooks, store);
  }

  /** Computes the initial values of variables that a trace made and gives them to the variables. */
  #initialize(
    recording: Recording,
    args: Flattened,
    backend: OrtBackend,
    runtime: Runtime,
    store: WeightStore | null,
  ): void {
    const assigned = recording.created.map(({ variable, initial }) => ({
      variable,
      value: initial,
    }));
    const initial = { ...recording, assigned, results: [], returned: flatten([]) };
    const executable = new Executable(initial, backend, runtime, this.#options, {}, store);
    executable.run(args.tensors);
    executable.dispose();
  }

  #refuse(key: string): never {
    const known = this.#cache.keys();
    throw new TraceError(
      `jit ${this.#name}: expected at most ${known.length} signatures, got one more: ${key}. ` +
        `Compiled so far: ${known.slice(-4).join(" | ")}${known.length > 4 ? ", ..." : ""}. Pad ` +
        "inputs to a few fixed shapes, raise cacheSize, or set whenFull to evict.",
    );
  }
}

function signature({ form, tensors }: Flattened): string {
  const specs = tensors.map(({ dtype, shape }) => `${dtype}[${shape}]`);
  return `${form} ${specs.join(" ")}`;
}
