import { trainStep } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { golden, goldenTensor, rateOf, ruleOf } from "./golden.ts";

/** Both sides take norms of float32 gradients in different orders. */
const NORM = { rtol: 1e-5, atol: 0 };

beforeAll(() => tf.setBackend("ort"));

/** Step `t` of a fixture tensor `[steps, ...]` whose steps have `size` elements. */
function at(name: string, t: number, size: number): Float32Array {
  return goldenTensor(name).data.subarray(t * size, (t + 1) * size);
}

describe("optim: rules in compiled training steps", () => {
  for (const mode of ["one-graph", "flat"] as const) {
    for (const entry of golden.entries) {
      it(`${mode}: ${entry.name} follows ${entry.source}`, async () => {
        const init = { a: goldenTensor("init.a"), b: goldenTensor("init.b") };
        const params = {
          a: tf.variable(tf.tensor(init.a.data, init.a.shape)),
          b: tf.variable(tf.tensor(init.b.data, init.b.shape)),
        };
        const { max_grad_norm: maxGradNorm } = entry.settings;
        const step = trainStep<[tf.Tensor, tf.Tensor]>({
          params,
          // Linear in the parameters, so that the fixture's gradients are its gradients.
          loss: (a, b) => ({
            loss: tf.add(tf.sum(tf.mul(params.a, a)), tf.sum(tf.mul(params.b, b))),
          }),
          rule: ruleOf(entry),
          mode,
          ...(maxGradNorm !== undefined && { maxGradNorm }),
        });
        for (let t = 0; t < golden.steps; t++) {
          const grads = (["a", "b"] as const).map((p) =>
            tf.tensor(at(`grads.${p}`, t, init[p].data.length), init[p].shape),
          ) as [tf.Tensor, tf.Tensor];
          const { gradNorm } = await step.run(rateOf(entry, t), ...grads);
          if (entry.grad_norms) {
            expect(gradNorm).toBeAllClose(entry.grad_norms[t] as number, NORM);
          }
          for (const p of ["a", "b"] as const) {
            const expected = at(`${entry.name}.${p}`, t, init[p].data.length);
            expect(params[p].dataSync()).toBeAllClose(expected, golden.tolerance.params);
          }
        }
        step.dispose();
        tf.dispose(params);
      });
    }
  }
});
