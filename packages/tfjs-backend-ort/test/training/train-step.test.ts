import { numericGradient } from "@preflab/testing";
import { type TrainStep, trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { type Batch, batch, make, model, weights } from "./model.ts";
import { momentum, readsTooLate } from "./rules.ts";

/** ort and cpu sum in different orders; ten steps magnify it. */
const AFTER_TRAINING = { rtol: 1e-5, atol: 1e-6 };
/** Central differences of a float32 loss with a step of 1e-2. */
const FINITE_DIFFERENCE = { rtol: 1e-2, atol: 1e-3 };

const MODES = ["one-graph", "flat"] as const;

beforeEach(() => tf.setBackend("ort"));

async function train(step: TrainStep<Batch>, steps: number): Promise<number[]> {
  const losses: number[] = [];
  const data = batch();
  for (let i = 0; i < steps; i++) losses.push((await step.run(0.1, ...data)).loss);
  return losses;
}

describe("training/train-step", () => {
  for (const mode of MODES) {
    describe(mode, () => {
      it("trains as the cpu backend does", async () => {
        const { step, params } = make({ mode });
        const losses = await train(step, 10);
        await tf.setBackend("cpu");
        const reference = make();
        expect(reference.step.mode).toBe("one-graph");
        expect(losses).toBeAllClose(await train(reference.step, 10), AFTER_TRAINING);
        expect(weights(params)).toBeAllClose(weights(reference.params), AFTER_TRAINING);
        expect(losses.at(-1)).toBeLessThan(losses[0] as number);
      });

      it("moves against the finite-difference gradient", async () => {
        const { step, params } = make({ mode });
        const { loss } = model();
        const data = batch();
        const before = weights(params);
        const numeric = numericGradient(
          (x) => {
            const hidden = tf.tensor2d(Float32Array.from(x.slice(0, 12)), [3, 4]);
            const out = tf.tensor2d(Float32Array.from(x.slice(12)), [4, 1]);
            const predicted = tf.matMul(tf.tanh(tf.matMul(data[0], hidden)), out);
            return tf.mean(tf.squaredDifference(predicted, data[1])).dataSync()[0] as number;
          },
          Float64Array.from(before),
          { step: 1e-2 },
        );
        const result = await step.run(0.1, ...data);
        const moved = weights(params).map((w, i) => ((before[i] as number) - w) / 0.1);
        expect(moved).toBeAllClose(numeric, FINITE_DIFFERENCE);
        expect(result.gradNorm).toBeCloseTo(Math.hypot(...moved), 4);
        expect(result.loss).toBeCloseTo(loss(...data).loss.dataSync()[0] as number, 6);
        expect(Object.keys(result.metrics)).toEqual(["mean"]);
      });

      it("repeats itself bit for bit", async () => {
        const [first, second] = [make({ mode }), make({ mode })];
        expect(await train(first.step, 5)).toEqual(await train(second.step, 5));
        expect(weights(first.params)).toEqual(weights(second.params));
      });

      it("resumes from a checkpoint bit for bit", async () => {
        const straight = make({ mode });
        const losses = await train(straight.step, 6);
        const first = make({ mode });
        await train(first.step, 3);
        const resumed = make({ mode });
        resumed.params.hidden.assign(tf.tensor2d(first.params.hidden.dataSync(), [3, 4]));
        resumed.params.out.assign(tf.tensor2d(first.params.out.dataSync(), [4, 1]));
        resumed.step.restore(first.step.state());
        expect(await train(resumed.step, 3)).toEqual(losses.slice(3));
        expect(weights(resumed.params)).toEqual(weights(straight.params));
        expect(resumed.step.state()).toEqual(straight.step.state());
      });

      it("scales gradients beyond the largest norm down to it", async () => {
        const maxGradNorm = 0.01;
        const { step, params } = make({ mode, maxGradNorm });
        const before = weights(params);
        const { gradNorm } = await step.run(1, ...batch());
        expect(gradNorm).toBeGreaterThan(maxGradNorm);
        const moved = weights(params).map((w, i) => (before[i] as number) - w);
        expect(Math.hypot(...moved)).toBeCloseTo(maxGradNorm, 5);
      });

      it("leaves clones and reads of the parameters as they were", async () => {
        const { step, params } = make({ mode });
        const data = batch();
        await step.run(0.1, ...data);
        const read = params.hidden.dataSync();
        const reference = params.hidden.clone();
        const copy = Float32Array.from(read);
        for (let i = 0; i < 3; i++) await step.run(0.1, ...data);
        expect(read).toEqual(copy);
        expect(reference.dataSync()).toEqual(copy);
        expect(params.hidden.dataSync()).not.toEqual(copy);
      });

      it("takes up values assigned between steps", async () => {
        const { step, params } = make({ mode });
        const data = batch();
        await step.run(0.1, ...data);
        params.out.assign(tf.zeros([4, 1]));
        const { loss } = await step.run(0, ...data);
        expect(loss).toBeCloseTo(tf.mean(tf.square(data[1])).dataSync()[0] as number, 6);
      });

      it("compiles another batch shape when it comes", async () => {
        const { step } = make({ mode });
        await step.run(0.1, ...batch(8));
        const { loss } = await step.run(0.1, ...batch(5));
        expect(loss).toBeGreaterThan(0);
      });

      it("leaves no tensors behind", async () => {
        const { step } = make({ mode });
        const data = batch();
        await step.run(0.1, ...data);
        const before = tf.memory().numTensors;
        for (let i = 0; i < 3; i++) await step.run(0.1, ...data);
        expect(tf.memory().numTensors).toBe(before);
      });

      it("names a parameter that the loss does not depend on", async () => {
        const { params, loss } = model();
        const unused = tf.variable(tf.zeros([2]));
        const step = trainStep<Batch>({
          params: { ...params, unused },
          loss,
          rule: momentum,
          mode,
        });
        await expect(step.run(0.1, ...batch())).rejects.toThrow("got no gradient for unused");
      });

      it("refuses optimizer state of another model, whole", () => {
        const { step } = make({ mode });
        const { slots } = step.state();
        expect(() =>
          step.restore({ step: 1, slots: { ...slots, x: new Float32Array(1) } }),
        ).toThrow("got unknown slots x");
        const short = { ...slots, "velocity/out": new Float32Array(3) };
        expect(() => step.restore({ step: 1, slots: short })).toThrow(
          "expected 4 elements for slot velocity/out, got 3",
        );
        expect(step.state().step).toBe(0);
      });
    });
  }

  it("does the same arithmetic in both modes", async () => {
    const [one, flat] = [make({ mode: "one-graph" }), make({ mode: "flat" })];
    expect(await train(one.step, 5)).toEqual(await train(flat.step, 5));
    expect(weights(one.params)).toEqual(weights(flat.params));
  });

  it("clips with the same factor in both modes", async () => {
    const [one, flat] = MODES.map((mode) => make({ mode, maxGradNorm: 0.05 }));
    expect(await train(one?.step as TrainStep<Batch>, 5)).toEqual(
      await train(flat?.step as TrainStep<Batch>, 5),
    );
  });

  it("refuses in place what is only right out of place", () => {
    expect(() => make({ mode: "flat", rule: readsTooLate })).toThrow(
      "expected rule late to read each slot only on the way to its new value",
    );
  });

  it("refuses options that make no sense", async () => {
    expect(() => trainStep({ params: {}, loss: model().loss, rule: momentum })).toThrow("got none");
    expect(() => make({ maxGradNorm: 0 })).toThrow("expected maxGradNorm > 0, got 0");
    await tf.setBackend("cpu");
    expect(() => make({ mode: "flat" })).toThrow("expected backend ort for mode flat, got cpu");
  });
});
