/**
 * The training step for large models: one graph writes the gradients into a flat buffer, a second
 * updates parameters and state in place. Parameters are tfjs variables on views of the buffer.
 */
import { engine, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import type { OrtBackend } from "../backend.ts";
import { Compiler } from "../jit/compiler.ts";
import { flatten } from "../jit/structure.ts";
import type { HostTensor } from "../runtime/runtime.ts";
import { loadRuntime } from "../runtime/select.ts";
import { Accumulator } from "./accumulator.ts";
import { hostClipFactor } from "./clip.ts";
import { CHUNK, type FlatEntry, type FlatLayout, flatLayout, viewOf } from "./flat-layout.ts";
import { FlatUpdate } from "./flat-update.ts";
import { globalNorm, gradients } from "./gradients.ts";
import { readSlots, type SlotReader, writeSlots } from "./slots.ts";
import {
  type MicroBatch,
  type OptimizerState,
  type StepResult,
  type TrainStep,
  type TrainStepOptions,
  wholeBatch,
} from "./step.ts";
import { isFiniteStep, readStep, type StepNumbers, type StepTensors } from "./step-result.ts";

/** See {@link TrainStep}. */
export class FlatStep<Batch extends readonly Tensor[]> implements TrainStep<Batch> {
  readonly mode = "flat";
  readonly #backend: OrtBackend;
  readonly #options: TrainStepOptions<Batch>;
  readonly #layout: FlatLayout;
  readonly #weights: HostTensor;
  readonly #grads: HostTensor;
  readonly #slots: readonly HostTensor[];
  readonly #gradients: Compiler;
  readonly #update: FlatUpdate;
  /** Sums into {@link #grads}. */
  #accumulator: Accumulator<Batch> | undefined;
  #taken = 0;

  constructor(options: TrainStepOptions<Batch>, backend: OrtBackend) {
    const { params, rule, loss: lossOf, maxGradNorm, name = "trainStep" } = options;
    this.#backend = backend;
    this.#options = options;
    this.#layout = flatLayout(
      Object.fromEntries(Object.entries(params).map(([key, { shape }]) => [key, shape])),
    );
    this.#weights = flatBuffer(this.#layout);
    this.#grads = flatBuffer(this.#layout);
    this.#slots = rule.slots.map(() => flatBuffer(this.#layout));
    const fn = (...batch: Batch) => {
      const { grads, ...rest } = gradients(params, () => lossOf(...batch));
      // First, so that result i is the gradient of parameter i.
      return { grads, ...rest, gradNorm: globalNorm(grads) };
    };
    const sinks = this.#layout.entries.map((entry, i): [number, HostTensor] => [
      i,
      { dtype: "float32", shape: entry.shape, data: viewOf(floats(this.#grads), entry) },
    ]);
    this.#gradients = new Compiler(
      fn as (...args: never[]) => unknown,
      { ...options, name },
      { sinks: new Map(sinks) },
    );
    const clips = maxGradNorm !== undefined;
    this.#update = new FlatUpdate(rule, this.#layout, clips, backend, loadRuntime(), options);
    this.#claim(params, this.#weights);
  }

  async run(lr: number, ...batch: Batch): Promise<StepResult> {
    this.#claim(this.#options.params, this.#weights);
    const flat = flatten(batch);
    const executable = this.#gradients.prepare(flat, this.#backend);
    const result = await readStep((await executable.runAsync(flat.tensors)) as StepTensors);
    return this.#apply(lr, result);
  }

  async runAccumulated(lr: number, parts: readonly MicroBatch<Batch>[]): Promise<StepResult> {
    const whole = wholeBatch(parts);
    if (whole) return this.run(lr, ...whole);
    this.#claim(this.#options.params, this.#weights);
    this.#accumulator ??= new Accumulator(this.#options);
    const { sums } = this.#accumulator;
    this.#claim(sums, this.#grads);
    floats(this.#grads).fill(0);
    const result = await this.#accumulator.add(parts);
    // They are where they were, unless the compiler found no way to add in place.
    this.#claim(sums, this.#grads);
    return this.#apply(lr, { ...result, gradNorm: await this.#accumulator.norm() });
  }

  state(): OptimizerState {
    return { step: this.#taken, slots: readSlots(this.#readers()) };
  }

  restore(state: OptimizerState): void {
    const readers = this.#readers();
    writeSlots(readers, state.slots, (key, data) => readers[key]?.read().set(data));
    this.#taken = state.step;
  }

  dispose(): void {
    this.#gradients.dispose();
    this.#update.dispose();
    this.#accumulator?.dispose();
  }

  /** Updates parameters and state by the gradients that lie in {@link #grads}. */
  async #apply(lr: number, result: StepNumbers): Promise<StepResult> {
    const { rule, maxGradNorm, skipNonFinite } = this.#options;
    if (skipNonFinite && !isFiniteStep(result)) return { ...result, applied: false };
    const factor = maxGradNorm === undefined ? 1 : hostClipFactor(result.gradNorm, maxGradNorm);
    const numbers = rule.scalars(this.#taken + 1, lr);
    await this.#update.run(this.#weights, this.#grads, this.#slots, numbers, factor);
    this.#taken++;
    return { ...result, applied: true };
  }

  /**
   * Makes variables live in a flat buffer and nowhere else: takes over values that someone
   * assigned, and leaves copies to tensors that share the old data (clones, a frozen reference).
   */
  #claim(variables: Readonly<Record<string, Variable>>, buffer: HostTensor): void {
    for (const entry of this.#layout.entries) {
      this.#claimOne(entry, variables[entry.name] as Variable, viewOf(floats(buffer), entry));
    }
  }

  #claimOne(entry: FlatEntry, variable: Variable, view: Float32Array): void {
    const backend = this.#backend;
    const data = backend.data.get(variable.dataId);
    const inPlace = isView(data.values, view);
    if (inPlace && data.refCount === 1) return;
    if (inPlace) data.values = view.slice();
    else view.set(backend.hostTensor(variable).data as Float32Array);
    const host = backend.hostTensorOf(view, entry.shape, "float32");
    const tensor = engine().makeTensorFromTensorInfo(backend.adopt(host), backend);
    variable.assign(tensor);
    tensor.dispose();
    backend.recycle(view);
  }

  #readers(): Readonly<Record<string, SlotReader>> {
    const readers: Record<string, SlotReader> = {};
    this.#options.rule.slots.forEach((slot, i) => {
      for (const entry of this.#layout.entries) {
        const view = viewOf(floats(this.#slots[i] as HostTensor), entry);
        readers[`${slot}/${entry.name}`] = { size: entry.size, read: () => view };
      }
    });
    return readers;
  }
}

function flatBuffer({ chunks, length }: FlatLayout): HostTensor {
  return { dtype: "float32", shape: [chunks, CHUNK], data: new Float32Array(length) };
}

function floats({ data }: HostTensor): Float32Array {
  return data as Float32Array;
}

function isView(values: unknown, view: Float32Array): boolean {
  return (
    values instanceof Float32Array &&
    values.buffer === view.buffer &&
    values.byteOffset === view.byteOffset &&
    values.length === view.length
  );
}
