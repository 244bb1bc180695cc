/** The training step as one function: gradients and update together, state in tfjs variables. */
import * as tf from "@tensorflow/tfjs-core";
import { Accumulator } from "./accumulator.ts";
import { clipFactor } from "./clip.ts";
import { type Gradients, globalNorm, gradients } from "./gradients.ts";
import { GuardedProgram } from "./guarded.ts";
import type { UpdateRule } from "./rule.ts";
import { readSlots, type SlotReader, writeSlots } from "./slots.ts";
import {
  type MicroBatch,
  type OptimizerState,
  type StepResult,
  type TrainStep,
  type TrainStepOptions,
  wholeBatch,
} from "./step.ts";
import { isFiniteStep, readStep, type StepTensors } from "./step-result.ts";

/** Numbers of a step, by the names of {@link UpdateRule.scalars}. */
type Scalars = Readonly<Record<string, tf.Scalar>>;

/** See {@link TrainStep}. */
export class OneGraphStep<Batch extends readonly tf.Tensor[]> implements TrainStep<Batch> {
  readonly mode = "one-graph";
  readonly #options: TrainStepOptions<Batch>;
  /** By `<slot>/<parameter>`. */
  readonly #slots: Readonly<Record<string, tf.Variable>>;
  readonly #step: GuardedProgram<[Scalars, Batch]>;
  #accumulated: Accumulated<Batch> | undefined;
  #taken = 0;

  constructor(options: TrainStepOptions<Batch>) {
    const { params, rule, loss: lossOf, skipNonFinite = false } = options;
    const named = { ...options, name: options.name ?? "trainStep" };
    this.#options = named;
    this.#slots = makeSlots(params, rule);
    this.#step = new GuardedProgram(
      (accepts, scalars, batch) => {
        const found = gradients(params, () => lossOf(...batch));
        return takeStep(named, this.#slots, scalars, found, accepts);
      },
      named,
      skipNonFinite,
    );
  }

  async run(lr: number, ...batch: Batch): Promise<StepResult> {
    return this.#take(lr, (scalars) => this.#step.run(scalars, batch));
  }

  async runAccumulated(lr: number, parts: readonly MicroBatch<Batch>[]): Promise<StepResult> {
    const whole = wholeBatch(parts);
    if (whole) return this.run(lr, ...whole);
    this.#accumulated ??= accumulated(this.#options, this.#slots);
    const { accumulator, apply } = this.#accumulated;
    accumulator.clear();
    const { loss, metrics } = await accumulator.add(parts);
    const scalar = tf.scalar(loss);
    try {
      const result = await this.#take(lr, (scalars) => apply.run(scalars, scalar));
      return { ...result, loss, metrics };
    } finally {
      scalar.dispose();
    }
  }

  state(): OptimizerState {
    return { step: this.#taken, slots: readSlots(this.#readers()) };
  }

  restore(state: OptimizerState): void {
    writeSlots(this.#readers(), state.slots, (key, data) => {
      const variable = this.#slots[key] as tf.Variable;
      const tensor = tf.tensor(data.slice(), variable.shape);
      variable.assign(tensor);
      tensor.dispose();
    });
    this.#taken = state.step;
  }

  dispose(): void {
    this.#step.dispose();
    this.#accumulated?.apply.dispose();
    this.#accumulated?.accumulator.dispose();
    tf.dispose(Object.values(this.#slots));
  }

  async #take(
    lr: number,
    program: (scalars: Scalars) => Promise<StepTensors>,
  ): Promise<StepResult> {
    const { rule, skipNonFinite } = this.#options;
    const numbers = Object.entries(rule.scalars(this.#taken + 1, lr));
    const scalars = Object.fromEntries(numbers.map(([name, x]) => [name, tf.scalar(x)]));
    try {
      const result = await readStep(await program(scalars));
      const applied = !skipNonFinite || isFiniteStep(result);
      if (applied) this.#taken++;
      return { ...result, applied };
    } finally {
      tf.dispose(scalars);
    }
  }

  #readers(): Readonly<Record<string, SlotReader>> {
    return Object.fromEntries(
      Object.entries(this.#slots).map(([key, variable]) => [
        key,
        { size: variable.size, read: () => variable.dataSync<"float32">() },
      ]),
    );
  }
}

function makeSlots(
  params: Readonly<Record<string, tf.Variable>>,
  rule: UpdateRule,
): Record<string, tf.Variable> {
  const slots: Record<string, tf.Variable> = {};
  for (const slot of rule.slots) {
    for (const [name, { shape }] of Object.entries(params)) {
      slots[`${slot}/${name}`] = tf.tidy(() => tf.variable(tf.zeros(shape), false));
    }
  }
  return slots;
}

/** What steps over micro-batches need beside the plain step. */
interface Accumulated<Batch extends readonly tf.Tensor[]> {
  readonly accumulator: Accumulator<Batch>;
  /** Takes the numbers of the step and the mean loss. */
  readonly apply: GuardedProgram<[Scalars, tf.Scalar]>;
}

function accumulated<Batch extends readonly tf.Tensor[]>(
  options: TrainStepOptions<Batch>,
  slots: Readonly<Record<string, tf.Variable>>,
): Accumulated<Batch> {
  const accumulator = new Accumulator(options);
  const apply = new GuardedProgram<[Scalars, tf.Scalar]>(
    (accepts, scalars, loss) => {
      const found = { loss: tf.clone(loss), metrics: {}, grads: Object.values(accumulator.sums) };
      return takeStep(options, slots, scalars, found, accepts);
    },
    { ...options, name: `${options.name}, update` },
    options.skipNonFinite ?? false,
  );
  return { accumulator, apply };
}

function takeStep<Batch extends readonly tf.Tensor[]>(
  { params, rule, maxGradNorm }: TrainStepOptions<Batch>,
  slots: Readonly<Record<string, tf.Variable>>,
  scalars: Scalars,
  { loss, metrics, grads }: Gradients,
  accepts: (tensors: StepTensors) => boolean,
): StepTensors {
  const gradNorm = globalNorm(grads);
  const tensors = { loss, gradNorm, metrics };
  if (!accepts(tensors)) return tensors;
  const factor = maxGradNorm === undefined ? null : clipFactor(gradNorm, maxGradNorm);
  Object.entries(params).forEach(([name, variable], i) => {
    const raw = grads[i] as tf.Tensor;
    const grad = factor ? tf.mul(raw, factor) : raw;
    const own = Object.fromEntries(
      rule.slots.map((slot) => [slot, slots[`${slot}/${name}`] as tf.Variable]),
    );
    const next = rule.update({ param: variable, grad, slots: own, scalars });
    for (const slot of rule.slots) own[slot]?.assign(next.slots[slot] as tf.Tensor);
    variable.assign(next.param);
  });
  return tensors;
}
