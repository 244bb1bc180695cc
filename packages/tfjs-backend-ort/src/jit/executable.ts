/**
 * A compiled recording: knows where every input of the program comes from at run time (arguments,
 * live variables, captured tensors) and where every output goes (results, variables).
 */
import { engine, type Tensor, type TensorInfo, type Variable } from "@tensorflow/tfjs-core";
import type { OrtBackend } from "../backend.ts";
import { type CompileOptions, compile, type Program } from "../compile.ts";
import { SessionError } from "../errors.ts";
import { allocate, sizeOf } from "../graph/dtypes.ts";
import type { Graph, ValueSpec } from "../graph/graph.ts";
import type { HostTensor, Runtime, WeightStore } from "../runtime/runtime.ts";
import { overwrites } from "./in-place.ts";
import { ownBuffer } from "./own-buffer.ts";
import type { Recording } from "./record.ts";
import type { Capture } from "./trace.ts";

/** Where a program's input comes from. */
type Source = (args: readonly Tensor[]) => HostTensor;

/** What a caller may decide about the outputs of a program. */
export interface OutputHooks {
  /** Buffers that results are written to instead of new tensors, by index among the results. */
  readonly sinks?: ReadonlyMap<number, HostTensor>;
  /**
   * Whether variables take their new values after a run, given what the function returned. With it
   * no variable is updated in place.
   */
  readonly commitIf?: (returned: unknown) => boolean;
}

/** A compiled signature of a function. */
export class Executable {
  readonly #name: string;
  readonly #backend: OrtBackend;
  readonly #program: Program;
  readonly #sources: readonly Source[];
  readonly #recording: Recording;
  /** Tensors kept alive for the program, disposed with it. */
  readonly #held: readonly Tensor[];
  /**
   * Buffers that the next run writes variables into, swapped with the variables' own after it;
   * `null` for variables that are updated in place.
   */
  readonly #spares: (HostTensor | null)[];
  readonly #sinks: ReadonlyMap<number, HostTensor>;
  readonly #commitIf: (returned: unknown) => boolean;
  #inFlight = false;

  /**
   * @param store for the constants that the recording shares with others
   * @throws what {@link compile} throws
   */
  constructor(
    recording: Recording,
    backend: OrtBackend,
    runtime: Runtime,
    options: CompileOptions,
    { sinks = new Map(), commitIf }: OutputHooks = {},
    store: WeightStore | null = null,
  ) {
    const { trace, results, assigned } = recording;
    this.#name = trace.graph.name;
    this.#backend = backend;
    this.#recording = recording;
    this.#sinks = sinks;
    this.#commitIf = commitIf ?? (() => true);
    trace.graph.outputs.push(...results, ...assigned.map(({ value }) => value));
    const arrays = new Set(trace.shared.map(({ data }) => data));
    this.#program = compile(trace.graph, runtime, options, store && { arrays, store });
    const captured = recording.captures.map((capture) => hold(capture, backend));
    this.#held = [...captured, ...trace.shared.map((capture) => hold(capture, backend))];
    this.#sources = bindInputs(recording, backend, captured);
    const inPlace = commitIf ? new Set<Variable>() : updatedInPlace(recording, this.#program.graph);
    this.#spares = assigned.map(({ variable, value }) =>
      inPlace.has(variable) ? null : fresh(value),
    );
  }

  /** The optimised graph. */
  get graph(): Graph {
    return this.#program.graph;
  }

  /** Runs the program, blocking. @returns the function's result around new tensors */
  run(args: readonly Tensor[]): unknown {
    const { inputs, outputs } = this.#begin(args);
    try {
      this.#program.session.run(inputs, outputs);
    } finally {
      this.#inFlight = false;
    }
    return this.#commit(outputs);
  }

  /** Same, off the event loop where the runtime can. */
  async runAsync(args: readonly Tensor[]): Promise<unknown> {
    const { inputs, outputs } = this.#begin(args);
    try {
      await this.#program.session.runAsync(inputs, outputs);
    } finally {
      this.#inFlight = false;
    }
    return this.#commit(outputs);
  }

  /** Frees the session and the captured tensors. */
  dispose(): void {
    this.#program.session.dispose();
    for (const tensor of this.#held) tensor.dispose();
  }

  #begin(args: readonly Tensor[]): { inputs: HostTensor[]; outputs: HostTensor[] } {
    if (this.#inFlight) {
      throw new SessionError(
        `jit ${this.#name}: expected one run at a time, got a call while another is in flight. ` +
          "Await the earlier one first.",
      );
    }
    const { results, assigned } = this.#recording;
    const variables = assigned.map(
      ({ variable }, i) => this.#spares[i] ?? ownBuffer(variable, this.#backend),
    );
    // Last, since a variable that gets a buffer of its own moves there.
    const inputs = this.#sources.map((source) => source(args));
    const outputs = results.map((value, i) => this.#sinks.get(i) ?? fresh(value));
    this.#inFlight = true;
    return { inputs, outputs: [...outputs, ...variables] };
  }

  #commit(outputs: readonly HostTensor[]): unknown {
    const { returned, results, assigned } = this.#recording;
    const tensors = results.map((_, i) => (this.#sinks.has(i) ? null : this.#adopt(outputs[i])));
    const result = returned.rebuild(tensors);
    if (!this.#commitIf(result)) return result;
    assigned.forEach(({ variable }, i) => {
      const spare = this.#spares[i];
      if (spare) this.#spares[i] = this.#swap(variable, spare);
    });
    return result;
  }

  /** Gives `variable` the buffer `next`. @returns a buffer for the run after this one */
  #swap(variable: Variable, next: HostTensor): HostTensor {
    const backend = this.#backend;
    const entry = backend.data.get(variable.dataId);
    backend.recycle(next.data);
    if (entry.refCount === 1 && backend.isRecycled(entry.values)) {
      const previous = backend.hostTensor(variable);
      entry.values = next.data as Float32Array;
      return previous;
    }
    // Someone else reads this data (a clone, the caller's own array): leave it to them.
    const tensor = this.#adopt(next);
    variable.assign(tensor);
    tensor.dispose();
    return fresh(next);
  }

  #adopt(output: HostTensor | undefined): Tensor {
    const info = this.#backend.adopt(output as HostTensor);
    return engine().makeTensorFromTensorInfo(info, this.#backend);
  }
}

/** Variables that the program may write over their old value, see {@link overwrites}. */
function updatedInPlace(
  { results, assigned, variables }: Recording,
  graph: Graph,
): ReadonlySet<Variable> {
  const inputOf = new Map(variables.map(({ variable, value }) => [variable, value.name]));
  const targets = overwrites(graph);
  const found = assigned.flatMap(({ variable }, i) => {
    const bases = targets.get(results.length + i) ?? [];
    return bases.some(({ name }) => name === inputOf.get(variable)) ? [variable] : [];
  });
  return new Set(found);
}

function fresh({ dtype, shape }: ValueSpec): HostTensor {
  return { dtype, shape, data: allocate(dtype, sizeOf(shape)) };
}

function bindInputs(
  recording: Recording,
  backend: OrtBackend,
  held: readonly Tensor[],
): readonly Source[] {
  const sources = new Map<string, Source>();
  recording.args.forEach(({ name }, i) => {
    sources.set(name, (args) => backend.hostTensor(args[i] as Tensor));
  });
  for (const { variable, value } of recording.variables) {
    sources.set(value.name, () => backend.hostTensor(variable));
  }
  recording.captures.forEach(({ value }, i) => {
    const tensor = held[i] as Tensor;
    sources.set(value.name, () => backend.hostTensor(tensor));
  });
  return recording.trace.graph.inputs.map(({ name }) => sources.get(name) as Source);
}

/** A tensor of its own on captured data, so that the program outlives the caller's tensor. */
function hold({ dataId, shape, value }: Capture, backend: OrtBackend): Tensor {
  const dtype = value.dtype as TensorInfo["dtype"];
  return engine().keep(backend.share({ dataId, shape: [...shape], dtype }));
}
