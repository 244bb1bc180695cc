/** The training step as one function: gradients and update together, state in tfjs variables. */
import * as tf from "@tensorflow/tfjs-core";
import { type Jitted, jit } from "../jit/jit.ts";
import { clipFactor } from "./clip.ts";
import { gradients } from "./gradients.ts";
import type { UpdateRule } from "./rule.ts";
import { readSlots, type SlotReader, writeSlots } from "./slots.ts";
import type { OptimizerState, StepResult, TrainStep, TrainStepOptions } from "./step.ts";
import { readResult, type StepTensors } from "./step-result.ts";

/** See {@link TrainStep}. */
export class OneGraphStep<Batch extends readonly tf.Tensor[]> implements TrainStep<Batch> {
  readonly mode = "one-graph";
  readonly #rule: UpdateRule;
  /** By `<slot>/<parameter>`. */
  readonly #slots: Readonly<Record<string, tf.Variable>>;
  readonly #step: Jitted<[Readonly<Record<string, tf.Scalar>>, Batch], StepTensors>;
  #taken = 0;

  constructor(options: TrainStepOptions<Batch>) {
    const { params, rule, name = "trainStep" } = options;
    this.#rule = rule;
    this.#slots = makeSlots(params, rule);
    this.#step = jit((scalars, batch) => takeStep(options, this.#slots, scalars, batch), {
      ...options,
      name,
    });
  }

  async run(lr: number, ...batch: Batch): Promise<StepResult> {
    const numbers = Object.entries(this.#rule.scalars(this.#taken + 1, lr));
    const scalars = Object.fromEntries(numbers.map(([name, x]) => [name, tf.scalar(x)]));
    try {
      const tensors = await this.#step.async(scalars, batch);
      this.#taken++;
      return await readResult(tensors);
    } finally {
      tf.dispose(scalars);
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
    tf.dispose(Object.values(this.#slots));
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

function takeStep<Batch extends readonly tf.Tensor[]>(
  { params, loss: lossOf, rule, maxGradNorm }: TrainStepOptions<Batch>,
  slots: Readonly<Record<string, tf.Variable>>,
  scalars: Readonly<Record<string, tf.Scalar>>,
  batch: Batch,
): StepTensors {
  const { loss, metrics, grads, gradNorm } = gradients(params, () => lossOf(...batch));
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
  return { loss, gradNorm, metrics };
}
