import "@tensorflow/tfjs-backend-cpu";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { klMeter, meanAndError } from "../../src/evaluate/kl-meter.ts";
import { generate } from "../../src/generate/generator.ts";
import { logits } from "../../src/heads.ts";
import { completionRow } from "../../src/train/rows.ts";
import { hiddenStates } from "../../src/transformer.ts";
import type { Params } from "../../src/types.ts";
import { TINY, tinyParameters } from "../model/tiny.ts";

// Sums over a vocabulary in another order.
const SAME_SUMS = { atol: 1e-4, rtol: 1e-4 };
const OPTIONS = { batchSize: 4, maxLength: 16 };

let policy: Params = {};
let reference: Params = {};
beforeAll(async () => {
  await tf.setBackend("ort");
  policy = tinyParameters(TINY, 1);
  reference = tinyParameters(TINY, 2);
});
afterAll(() => tf.dispose([Object.values(policy), Object.values(reference)]));

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => completionRow([3, i % 20, 5], [7, 9, (i * 5) % 23, 2]));

/** Log-probabilities of every next word of a text, `[T, V]`. */
async function nextWords(params: Params, ids: readonly number[]): Promise<number[][]> {
  const forward = jit((tokens: tf.Tensor2D) => {
    const states = hiddenStates(TINY, params, tokens, tf.onesLike(tokens));
    return tf.logSoftmax(logits(TINY, params, tf.squeeze(states, [0])));
  });
  const result = (await forward.async(tf.tensor2d([[...ids]], undefined, "int32"))).arraySync();
  forward.dispose();
  return result as number[][];
}

describe("evaluate/kl-meter", () => {
  test("all numbers are sums over the completion of what their definitions say", async () => {
    const meter = klMeter(
      () => ({ config: TINY, params: policy }),
      () => ({ config: TINY, params: reference }),
    );
    const rows = rowsOf(6);
    const measured = await meter.measure(rows, OPTIONS);
    for (const [i, { ids }] of rows.entries()) {
      const tokens = Array.from(ids);
      const [p, q] = [await nextWords(policy, tokens), await nextWords(reference, tokens)];
      const expected = { exact: 0, k1: 0, k2: 0, k3: 0, entropy: 0, tokens: 4 };
      for (let t = 3; t < tokens.length; t++) {
        const [own, other] = [p[t - 1] as number[], q[t - 1] as number[]];
        own.forEach((logp, word) => {
          expected.exact += Math.exp(logp) * (logp - (other[word] as number));
          expected.entropy -= Math.exp(logp) * logp;
        });
        const id = tokens[t] as number;
        const ratio = (own[id] as number) - (other[id] as number);
        expected.k1 += ratio;
        expected.k2 += ratio ** 2 / 2;
        expected.k3 += Math.exp(-ratio) - 1 + ratio;
      }
      for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
        expect(measured[name][i], name).toBeAllClose(expected[name], SAME_SUMS);
      }
    }
    meter.dispose();
  });

  test("a policy is at no distance from itself", async () => {
    const self = () => ({ config: TINY, params: policy });
    const meter = klMeter(self, self);
    const { exact, k1, k3 } = await meter.measure(rowsOf(3), OPTIONS);
    for (const numbers of [exact, k1, k3]) expect(numbers).toBeAllClose([0, 0, 0], SAME_SUMS);
    meter.dispose();
  });

  test("on the policy's own samples the unbiased estimates agree with the exact divergence", async () => {
    const meter = klMeter(
      () => ({ config: TINY, params: policy }),
      () => ({ config: TINY, params: reference }),
    );
    const samples = await generate(TINY, policy, [[3, 4], [5], [6, 7, 8]], {
      maxNewTokens: 6,
      temperature: 1,
      samples: 128,
      eos: null,
    });
    const prompts = [[3, 4], [5], [6, 7, 8]];
    const rows = samples.map(({ prompt, ids }) => completionRow(prompts[prompt] as number[], ids));
    const { exact, k1, k3 } = await meter.measure(rows, { batchSize: 64, maxLength: 16 });
    expect(Math.min(...exact)).toBeGreaterThan(0);
    expect(Math.min(...k3)).toBeGreaterThanOrEqual(0);
    for (const estimate of [k1, k3]) {
      const { mean, error } = meanAndError(estimate.map((x, i) => x - (exact[i] as number)));
      expect(Math.abs(mean)).toBeLessThan(4 * error);
    }
    meter.dispose();
  });

  test("a mean has the standard error of its sample", () => {
    expect(meanAndError([1, 2, 3, 4])).toEqual({ mean: 2.5, error: Math.sqrt(5 / 3 / 4) });
  });
});
