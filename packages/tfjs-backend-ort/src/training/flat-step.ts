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
import { hostClipFactor } from "./clip.ts";
import { CHUNK, type FlatEntry, type FlatLayout, flatLayout, viewOf } from "./flat-layout.ts";
import { FlatUpdate } from "./flat-update.ts";
import { type Gradients, gradients } from "./gradients.ts";
import type { UpdateRule } from "./rule.ts";
import { readSlots, type SlotReader, writeSlots } from "./slots.ts";
import type { OptimizerState, StepResult, TrainStep, TrainStepOptions } from "./step.ts";
import { readResult } from "./step-result.ts";

/** See {@link TrainStep}. */
export class FlatStep<Batch extends readonly Tensor[]> implements TrainStep<Batch> {
  readonly mode = "flat";
  readonly #backend: OrtBackend;
  readonly #params: Readonly<Record<string, Variable>>;
  readonly #rule: UpdateRule;
  readonly #maxGradNorm: number | undefined;
  readonly #layout: FlatLayout;
  readonly #weights: HostTensor;
  readonly #grads: HostTensor;
  readonly #slots: readonly HostTensor[];
  readonly #gradients: Compiler;
  readonly #update: FlatUpdate;
  #taken = 0;

  constructor(options: TrainStepOptions<Batch>, backend: OrtBackend) {
    const { params, rule, loss: lossOf, maxGradNorm, name = "trainStep" } = options;
    this.#backend = backend;
    this.#params = params;
    this.#rule = rule;
    this.#maxGradNorm = maxGradNorm;
    this.#layout = flatLayout(
      Object.fromEntries(Object.entries(params).map(([key, { shape }]) => [key, shape])),
    );
    this.#weights = flatBuffer(this.#layout);
    this.#grads = flatBuffer(this.#layout);
    this.#slots = rule.slots.map(() => flatBuffer(this.#layout));
    const fn = (...batch: Batch) => {
      const { grads, ...rest } = gradients(params, () => lossOf(...batch));
      // First, so that result i is the gradient of parameter i.
      return { grads, ...rest };
    };
    const sinks = this.#layout.entries.map((entry, i): [number, HostTensor] => [
      i,
      { dtype: "float32", shape: entry.shape, data: viewOf(floats(this.#grads), entry) },
    ]);
    this.#gradients = new Compiler(
      fn as (...args: never[]) => unknown,
      { ...options, name },
      new Map(sinks),
    );
    const clips = maxGradNorm !== undefined;
    this.#update = new FlatUpdate(rule, this.#layout, clips, backend, loadRuntime(), options);
    for (const entry of this.#layout.entries) this.#claim(entry);
  }

  async run(lr: number, ...batch: Batch): Promise<StepResult> {
    for (const entry of this.#layout.entries) this.#claim(entry);
    const flat = flatten(batch);
    const executable = this.#gradients.prepare(flat, this.#backend);
    const result = await readResult((await executable.runAsync(flat.tensors)) as Gradients);
    const factor =
      this.#maxGradNorm === undefined ? 1 : hostClipFactor(result.gradNorm, this.#maxGradNorm);
    const numbers = this.#rule.scalars(this.#taken + 1, lr);
    await this.#update.run(this.#weights, this.#grads, this.#slots, numbers, factor);
    this.#taken++;
    return result;
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
  }

  /**
   * Makes the variable live in the flat buffer and nowhere else: takes over a value that someone
   * assigned, and leaves a copy to tensors that share the old data (clones, a frozen reference).
   */
  #claim(entry: FlatEntry): void {
    const backend = this.#backend;
    const variable = this.#params[entry.name] as Variable;
    const view = viewOf(floats(this.#weights), entry);
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
    this.#rule.slots.forEach((slot, i) => {
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
