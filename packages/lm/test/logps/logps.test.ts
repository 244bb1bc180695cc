import "@tensorflow/tfjs-backend-cpu";
import { jit } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { logits } from "../../src/heads.ts";
import { predictionMask, scoreTokens, sequenceLogps, tokenLogps } from "../../src/logps.ts";
import { hiddenStates } from "../../src/transformer.ts";
import { GOLDEN_MODELS, GoldenModel, TOKEN_LOGPS } from "../model/golden.ts";
import { padded, randomIds, TINY, tinyParameters } from "../model/tiny.ts";

// The same sums over the same numbers, in another order.
const SAME_SUMS = { atol: 1e-5, rtol: 1e-5 };

afterEach(() => tf.setBackend("cpu"));

describe("logps", () => {
  test("a uniform model gives every real token but the first -log V", () => {
    tf.tidy(() => {
      const params = { ...tinyParameters(TINY), head: tf.zeros([TINY.vocabSize, TINY.width]) };
      const { ids, attentionMask } = padded([5, 1, 4], 2, 1);
      const scores = tokenLogps({ config: TINY, params }, { ids, attentionMask }).dataSync();
      const even = -Math.log(TINY.vocabSize);
      expect(scores).toBeAllClose([0, 0, even, even, 0], SAME_SUMS);
    });
  });

  test("the scores of a row do not depend on the side of its padding", () => {
    tf.tidy(() => {
      const policy = { config: TINY, params: tinyParameters(TINY) };
      const ids = randomIds(6, TINY.vocabSize);
      const [left, right] = [padded(ids, 3, 0), padded(ids, 0, 3)].map((tokens) =>
        [...tokenLogps(policy, tokens).dataSync()].filter((logp) => logp !== 0),
      ) as [number[], number[]];
      expect(left).toHaveLength(5);
      expect(left).toBeAllClose(right, SAME_SUMS);
    });
  });

  test("entry t is the log-probability of token t + 1", () => {
    tf.tidy(() => {
      const params = tinyParameters(TINY);
      const ids = randomIds(5, TINY.vocabSize);
      const tokens = padded(ids, 0, 0);
      const hidden = hiddenStates(TINY, params, tokens.ids, tokens.attentionMask);
      const all = tf.logSoftmax(logits(TINY, params, tf.squeeze(hidden, [0]))).arraySync();
      const rows = all as number[][];
      const expected = ids.slice(1).map((id, t) => rows[t]?.[id] as number);
      expect(tokenLogps({ config: TINY, params }, tokens).dataSync()).toBeAllClose(
        expected,
        SAME_SUMS,
      );
    });
  });

  test("a completion's log-probability is the sum over its own tokens", () => {
    tf.tidy(() => {
      const scores = tf.tensor2d([
        [-1, -2, -4],
        [-8, -16, -32],
      ]);
      const completion = tf.tensor2d(
        [
          [0, 0, 1, 1],
          [1, 1, 0, 0],
        ],
        [2, 4],
        "int32",
      );
      expect([...sequenceLogps(scores, completion).dataSync()]).toEqual([-6, -8]);
    });
  });

  test("predictions count where a token and the one before it are real", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[0, 1, 1, 0]], [1, 4], "int32");
      expect([...predictionMask(mask).dataSync()]).toEqual([0, 1, 0]);
    });
  });

  test("refuses sequences of one token", () => {
    tf.tidy(() => {
      const policy = { config: TINY, params: tinyParameters(TINY) };
      expect(() => tokenLogps(policy, padded([3], 0, 0))).toThrow(/at least 2 tokens/);
    });
  });

  test("all scores of one pass equal those of separate ones, compiled", async () => {
    await tf.setBackend("ort");
    const [policy, reference] = [1, 2].map((seed) => ({
      config: TINY,
      params: tinyParameters(TINY, seed),
    }));
    if (!policy || !reference) throw new Error("unreachable");
    const tokens = padded(randomIds(6, TINY.vocabSize), 2, 1);
    const run = jit((ids: tf.Tensor2D, attentionMask: tf.Tensor2D) =>
      scoreTokens(policy, { ids, attentionMask }, reference),
    );
    tf.tidy(() => {
      const { logps, entropy, kl } = run(tokens.ids, tokens.attentionMask);
      expect(logps.dataSync()).toBeAllClose(tokenLogps(policy, tokens).dataSync(), SAME_SUMS);
      // By definition, from all logits.
      const of = ({ params }: typeof policy) => {
        const hidden = hiddenStates(TINY, params, tokens.ids, tokens.attentionMask);
        const rows = tf.slice(tf.squeeze(hidden, [0]), [0, 0], [8, -1]) as tf.Tensor2D;
        return tf.logSoftmax(logits(TINY, params, rows));
      };
      const [p, q] = [of(policy), of(reference)];
      const mask = tf.squeeze(predictionMask(tokens.attentionMask), [0]);
      const expectation = (x: tf.Tensor) => tf.mul(tf.sum(tf.mul(tf.exp(p), x), 1), mask);
      expect(entropy.dataSync()).toBeAllClose(tf.neg(expectation(p)).dataSync(), SAME_SUMS);
      expect(kl?.dataSync()).toBeAllClose(expectation(tf.sub(p, q)).dataSync(), SAME_SUMS);
    });
    run.dispose();
    tf.dispose([policy.params, reference.params, tokens.ids, tokens.attentionMask]);
  });
});

const withEntropy = GOLDEN_MODELS.filter((name) => name.startsWith("variants/"));

describe("logps against transformers", () => {
  test.each(withEntropy)("log-probabilities and entropies of %s", async (folder) => {
    const golden = new GoldenModel(folder);
    const params = await golden.parameters();
    tf.tidy(() => {
      const batch = golden.batch();
      const { logps, entropy } = scoreTokens({ config: golden.config, params }, batch);
      expect(logps.dataSync()).toBeAllClose(golden.values("token_logps"), TOKEN_LOGPS);
      expect(entropy.dataSync()).toBeAllClose(golden.values("token_entropy"), TOKEN_LOGPS);
    });
    tf.dispose(params);
  });
});
