import "@tensorflow/tfjs-backend-cpu";
import { adamw, type OptimizerRule, rmsprop, sgd } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { golden, goldenTensor, rateOf, ruleOf } from "./golden.ts";

beforeAll(() => tf.setBackend("cpu"));

const PARAMS = ["a", "b"] as const;

describe("optim/rules", () => {
  for (const entry of golden.entries.filter(({ grad_norms }) => grad_norms === null)) {
    it(`${entry.name} follows ${entry.source} for ${golden.steps} steps`, () => {
      const rule = ruleOf(entry);
      for (const param of PARAMS) {
        const { data, shape } = goldenTensor(`init.${param}`);
        const grads = goldenTensor(`grads.${param}`).data;
        const expected = goldenTensor(`${entry.name}.${param}`).data;
        let state = start(rule, tf.tensor(data, shape));
        for (let t = 0; t < golden.steps; t++) {
          const piece = (all: Float32Array): Float32Array =>
            all.subarray(t * data.length, (t + 1) * data.length);
          const grad = tf.tensor(piece(grads), shape);
          state = step(rule, state, grad, t + 1, rateOf(entry, t));
          expect(state.param.dataSync()).toBeAllClose(piece(expected), golden.tolerance.params);
        }
      }
    });
  }

  it("adamw moves a parameter by lr on its first step, whatever the gradient's size", () => {
    for (const g of [1e-3, 1, 1e3]) {
      const rule = adamw({ eps: 0 });
      const { param } = step(rule, start(rule, tf.tensor([2])), tf.tensor([g]), 1, 0.1);
      expect(param.dataSync()[0]).toBeCloseTo(1.9, 5);
    }
  });

  it("adamw leaves a parameter with zero gradients and no decay alone, also at rate 0", () => {
    const rule = adamw();
    for (const lr of [0, 0.1]) {
      const { param } = step(rule, start(rule, tf.tensor([2])), tf.tensor([0]), 1, lr);
      expect(param.dataSync()[0]).toBe(2);
    }
  });

  it("sgd without momentum is param - lr * grad", () => {
    const rule = sgd();
    const { param } = step(rule, start(rule, tf.tensor([1, 2])), tf.tensor([10, -10]), 1, 0.1);
    expect([...param.dataSync()]).toEqual([0, 3]);
  });

  it("names the option that is out of range", () => {
    expect(() => adamw({ betas: [0.9, 1] })).toThrow("adamw: expected betas[1] in [0, 1), got 1.");
    expect(() => rmsprop({ alpha: -1 })).toThrow("rmsprop: expected alpha in [0, 1), got -1.");
    expect(() => sgd({ momentum: Number.NaN })).toThrow("sgd: expected momentum in [0, Infinity)");
  });
});

interface State {
  readonly param: tf.Tensor;
  readonly slots: Readonly<Record<string, tf.Tensor>>;
}

function start(rule: OptimizerRule, param: tf.Tensor): State {
  return { param, slots: Object.fromEntries(rule.slots.map((s) => [s, tf.zerosLike(param)])) };
}

function step(rule: OptimizerRule, state: State, grad: tf.Tensor, t: number, lr: number): State {
  const scalars = Object.fromEntries(
    Object.entries(rule.scalars(t, lr)).map(([name, x]) => [name, tf.scalar(x)]),
  );
  return rule.update({ ...state, grad, scalars });
}
