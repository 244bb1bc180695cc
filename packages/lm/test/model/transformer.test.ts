import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import type { ModelConfig } from "../../src/config.ts";
import { hiddenStates, hiddenStatesAt } from "../../src/transformer.ts";
import { LEARNED, padded, randomIds, TINY, tinyParameters } from "./tiny.ts";

// The same sums over the same numbers, among zeros that padding adds.
const SAME_SUMS = { atol: 2e-6, rtol: 1e-5 };

const models = [
  ["rotary", TINY],
  ["learned", LEARNED],
] as const;

describe.each(models)("transformer with %s positions", (_, config) => {
  const params = tinyParameters(config);
  afterAll(() => tf.dispose(params));

  /** Hidden states of the real tokens. */
  const run = (ids: readonly number[], left: number, right: number, model = config) =>
    tf.tidy(() => {
      const batch = padded(ids, left, right);
      const states = hiddenStates(model, params, batch.ids, batch.attentionMask);
      return tf.slice(states, [0, left, 0], [1, ids.length, -1]).dataSync();
    });

  test.each([
    [3, 0],
    [0, 3],
    [2, 4],
  ])("does not see %i pads on the left and %i on the right", (left, right) => {
    const ids = randomIds(7, config.vocabSize);
    expect(run(ids, left, right)).toBeAllClose(run(ids, 0, 0), SAME_SUMS);
  });

  test("does not see later tokens", () => {
    const ids = randomIds(8, config.vocabSize);
    const shorter = run(ids.slice(0, 5), 0, 0);
    expect(run(ids, 0, 0).slice(0, shorter.length)).toBeAllClose(shorter, SAME_SUMS);
  });

  test("under a window, sees no further than layers times the tokens before it", () => {
    const windowed = { ...config, slidingWindow: 2 };
    const ids = randomIds(8, config.vocabSize);
    const other = [...ids];
    other[0] = ((ids[0] as number) + 1) % config.vocabSize;
    const [a, b] = [run(ids, 0, 0, windowed), run(other, 0, 0, windowed)];
    const reach = config.layers * (2 - 1);
    const row = (states: Float32Array | Int32Array | Uint8Array, token: number) =>
      states.slice(token * config.width, (token + 1) * config.width);
    expect(row(a, reach + 1)).toBeAllClose(row(b, reach + 1), { atol: 0, rtol: 0 });
    expect(row(a, reach)).not.toBeAllClose(row(b, reach), SAME_SUMS);
  });
});

describe("transformer", () => {
  test("names a parameter that is missing", () => {
    const { "blocks.1.mlp.down.weight": missing, ...rest } = tinyParameters(TINY);
    tf.tidy(() => {
      const { ids, attentionMask } = padded([1, 2], 0, 0);
      expect(() => hiddenStates(TINY, rest, ids, attentionMask)).toThrow(
        /blocks\.1\.mlp\.down\.weight/,
      );
    });
    tf.dispose([missing, rest]);
  });

  test("refuses more tokens than there are learned positions", () => {
    const params = tinyParameters(LEARNED);
    tf.tidy(() => {
      const { ids, attentionMask } = padded(randomIds(17, LEARNED.vocabSize), 0, 0);
      expect(() => hiddenStates(LEARNED, params, ids, attentionMask)).toThrow(/at most 16.*got 17/);
    });
    tf.dispose(params);
  });

  test("leaves nothing behind but its result", () => {
    const params = tinyParameters(TINY);
    const { ids, attentionMask } = padded([1, 2, 3], 0, 0);
    const before = tf.memory().numTensors;
    const states = hiddenStates(TINY, params, ids, attentionMask);
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([states, params, ids, attentionMask]);
  });
});

describe("transformer at places", () => {
  const PARALLEL: ModelConfig = { ...TINY, residual: "parallel" };
  const families = {
    sequential: LEARNED,
    parallel: PARALLEL,
    "parallel with a shared norm": { ...PARALLEL, sharedNorm: true },
  };
  const FEW = [5, 0, 5, 7];
  const MORE_THAN_TOKENS = [...FEW, ...FEW, 1, 2, 3];
  const cases = Object.entries(families).flatMap(([name, config]) =>
    [FEW, MORE_THAN_TOKENS].map((places) => [name, places.length, places, config] as const),
  );

  test.each(cases)("%s, %i places: states and gradients are those of all tokens", (...given) => {
    const [, , places, config] = given;
    const params = tinyParameters(config);
    const variables = Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => [name, tf.variable(tensor)]),
    );
    const at = tf.tensor1d(places, "int32");
    const ids = tf.tensor2d(randomIds(8, config.vocabSize), [2, 4], "int32");
    const mask = tf.onesLike(ids);
    const differentiate = (statesOf: () => tf.Tensor) => {
      const weights = tf.linspace(-1, 1, places.length * config.width);
      const { value, grads } = tf.variableGrads(() =>
        tf.sum(tf.mul(tf.reshape(statesOf(), [-1]), weights)),
      );
      return [statesOf(), value, ...Object.values(grads)].map((tensor) => tensor.dataSync());
    };
    tf.tidy(() => {
      const all = differentiate(() =>
        tf.gather(tf.reshape(hiddenStates(config, variables, ids, mask), [8, config.width]), at),
      );
      const some = differentiate(() => hiddenStatesAt(config, variables, ids, mask, at));
      expect(some[0]).toHaveLength(places.length * config.width);
      some.forEach((numbers, i) => {
        expect(numbers).toBeAllClose(all[i] as Float32Array, SAME_SUMS);
      });
    });
    tf.dispose([params, variables, at, ids, mask]);
  });
});
