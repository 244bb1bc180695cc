import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { drawMasks, dropped } from "../../src/dropout.ts";
import { RandomStream } from "../../src/rng.ts";
import { rowBatches } from "../../src/train/batches.ts";
import { parseSftConfig, trainSft } from "../../src/train/train-sft.ts";
import { hiddenStates } from "../../src/transformer.ts";
import { TINY, tinyPolicy, tinyRows, values } from "../train/tiny.ts";

/** ort and cpu sum in different orders. */
const BACKENDS = { atol: 1e-4, rtol: 1e-4 };
const ROUNDING = { atol: 0, rtol: 1e-6 };

beforeEach(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

const SHAPE = { layers: 2, width: 16 };
const draw = (rate: number, name: string, tokens = 100) =>
  drawMasks(SHAPE, tokens, rate, new RandomStream(1, name));

describe("dropout", () => {
  test("masks leave out the share that is asked for, and are a function of their stream", () => {
    const masks = draw(0.3, "a");
    expect(masks.shape).toEqual([5, 100, 16]);
    const kept = masks.dataSync<"int32">();
    const left = kept.reduce((sum, x) => sum + (x ? 0 : 1), 0) / kept.length;
    // Five standard errors of 8000 draws.
    expect(Math.abs(left - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 8000));
    expect(draw(0.3, "a").dataSync()).toEqual(kept);
    expect(draw(0.3, "b").dataSync()).not.toEqual(kept);
    const perSite = (site: number) => kept.slice(site * 1600, (site + 1) * 1600);
    expect(perSite(1)).not.toEqual(perSite(0));
  });

  test("what stays is scaled up, so that the expectation stays", () => {
    const x = tf.fill([3, 2], 6) as tf.Tensor2D;
    const kept = tf.tensor3d([0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1], [2, 3, 2], "bool");
    expect(dropped(x, { rate: 0.25, kept }, 1).dataSync()).toBeAllClose(
      [8, 0, 8, 8, 0, 8],
      ROUNDING,
    );
    expect(dropped(x, undefined, 1)).toBe(x);
  });

  test("embedding, attention and MLP of every block each have a mask of their own", () => {
    const params = tinyPolicy().parameters();
    const ids = tf.tensor2d([[3, 1, 4, 1]], [1, 4], "int32");
    const hidden = (site: number | null) => {
      const kept = new Uint8Array(5 * 4 * 16).fill(1);
      if (site !== null) kept.fill(0, site * 64, (site + 1) * 64);
      const dropout = { rate: 0, kept: tf.tensor3d(kept, [5, 4, 16], "bool") };
      return hiddenStates(TINY, params, ids, tf.onesLike(ids), { dropout }).dataSync();
    };
    const whole = hiddenStates(TINY, params, ids, tf.onesLike(ids)).dataSync();
    expect(hidden(null)).toEqual(whole);
    const without = [0, 1, 2, 3, 4].map((site) => hidden(site).join());
    expect(new Set([whole.join(), ...without]).size).toBe(6);
  });

  describe("in training", () => {
    const run = async (changes: Record<string, unknown> = {}) => {
      const optimizer = { name: "sgd", lr: 0.3 };
      const settings = { maxSteps: 4, batchSize: 4, gradAccum: 2, maxLength: 32, dropout: 0.2 };
      const config = parseSftConfig({ ...settings, optimizer, ...changes });
      const policy = tinyPolicy();
      const losses: number[] = [];
      await trainSft(policy, rowBatches(tinyRows(20), { ...config, seed: 1 }), config, {
        log: ({ loss }) => void losses.push(loss),
      });
      return { losses, weights: values(policy) };
    };

    test("is a function of the seed", async () => {
      const first = await run();
      expect(await run()).toEqual(first);
      expect(await run({ seed: 1 })).not.toEqual(first);
      expect(await run({ dropout: 0 })).not.toEqual(first);
    });

    test("is the same on every backend", async () => {
      const compiled = await run();
      await tf.setBackend("cpu");
      const eager = await run();
      expect(eager.losses).toBeAllClose(compiled.losses, BACKENDS);
      expect(eager.weights).toBeAllClose(compiled.weights, BACKENDS);
    });
  });
});
