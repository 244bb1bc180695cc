import "@tensorflow/tfjs-backend-cpu";
import { leakedTensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { scorer } from "../../src/reward/scorer.ts";

beforeAll(() => tf.setBackend("cpu"));

/** The sum of a text's ids. */
const sums = (ids: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor1D =>
  tf.cast(tf.sum(tf.mul(ids, mask), 1), "float32");

describe("reward/scorer", () => {
  const texts = [[1, 2, 3], [4], Array.from({ length: 30 }, () => 1), [5, 6]];

  test("scores come in the order of the texts, and nothing is left behind", async () => {
    const leaked = await leakedTensors(async () => {
      const model = scorer(sums, { batchSize: 2, maxLength: 32 });
      expect([...(await model.score(texts))]).toEqual([6, 4, 30, 11]);
      expect([...(await model.score([]))]).toEqual([]);
      model.dispose();
    });
    expect(leaked).toBe(0);
  });

  test("batches that texts do not fill are no larger than they need", async () => {
    const rows: number[] = [];
    const model = scorer(
      (ids, mask) => {
        rows.push(ids.shape[0]);
        return sums(ids, mask);
      },
      { batchSize: 12, maxLength: 8 },
    );
    const ones = (count: number) => Array.from({ length: count }, () => [1]);
    for (const count of [14, 15, 21, 13]) {
      expect([...(await model.score(ones(count)))]).toEqual(ones(count).flat());
    }
    // What is left over: 2, 3, 9 and 1.
    expect(rows.sort((a, b) => a - b)).toEqual([1, 2, 4, 12, 12, 12, 12, 12]);
    model.dispose();
  });

  test("texts that are empty or too long are an error", async () => {
    const model = scorer(sums, { batchSize: 2, maxLength: 2 });
    await expect(model.score(texts)).rejects.toThrow("1 to 2 tokens, got 3 in text 0");
    await expect(model.score([[]])).rejects.toThrow("got 0 in text 0");
    model.dispose();
  });

  test("a signal ends it between batches", async () => {
    const controller = new AbortController();
    let batches = 0;
    const model = scorer(
      (ids, mask) => {
        batches++;
        controller.abort(new Error("enough"));
        return sums(ids, mask);
      },
      { batchSize: 1, maxLength: 32 },
    );
    await expect(model.score(texts, controller.signal)).rejects.toThrow("enough");
    expect(batches).toBe(1);
    model.dispose();
  });
});
