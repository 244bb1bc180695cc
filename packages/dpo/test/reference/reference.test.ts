import "@tensorflow/tfjs-backend-cpu";
import type { Params } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completionLogps, groupBatch } from "../../src/groups/forward.ts";
import type { Group } from "../../src/groups/group.ts";
import { layOut } from "../../src/groups/layout.ts";
import { reduceLogps } from "../../src/groups/reduction.ts";
import { knownReference, liveReference, referenceLogps } from "../../src/reference/reference.ts";
import { ROTARY, randomGroups, tinyParameters } from "../tiny.ts";

// The same sums over the same numbers, padded otherwise.
const SAME_SUMS = { atol: 1e-5, rtol: 1e-5 };
const LAYOUT = { layout: "shared-prompt", maxLength: 32 } as const;
const SUM = { ldAlpha: 1 };

let params: Params = {};
beforeEach(async () => {
  await tf.setBackend("cpu");
  params = tinyParameters(ROTARY);
});
afterEach(() => {
  tf.dispose(Object.values(params));
});

describe("reference/reference", () => {
  test("all examples at once, and those of a batch, have the same log-probabilities", async () => {
    const groups = randomGroups(7, 2);
    const model = { config: ROTARY, params };
    const options = { ...LAYOUT, batchSize: 3, reduction: SUM };
    const all = await referenceLogps(model, groups, options);
    const indices = [5, 0, 2];
    const batch = groupBatch(
      layOut(
        indices.map((i) => groups[i] as Group),
        LAYOUT,
      ),
    );
    const expected = indices.flatMap((i) => Array.from(all.subarray(2 * i, 2 * i + 2)));
    const known = await knownReference(all, 2).logps(indices, batch);
    const live = await liveReference(model, SUM, 2).logps(indices, batch);
    expect(Array.from(known.dataSync())).toEqual(expected);
    expect(live.dataSync()).toBeAllClose(expected, SAME_SUMS);
  });

  test("progress counts examples, and nothing leaks", async () => {
    const before = tf.memory().numTensors;
    const done: number[] = [];
    const options = { ...LAYOUT, batchSize: 2, reduction: SUM };
    await referenceLogps({ config: ROTARY, params }, randomGroups(5, 3), options, (n) =>
      done.push(n),
    );
    expect(done).toEqual([2, 4, 5]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("LD-DPO counts what exceeds the shorter response less", () => {
    tf.tidy(() => {
      const [group] = randomGroups(1, 1) as [Group];
      const groups = [
        {
          ...group,
          completions: [
            [4, 5, 6, 7, 1],
            [8, 1],
          ],
        },
      ];
      const batch = groupBatch(layOut(groups, LAYOUT));
      const tokens = completionLogps({ config: ROTARY, params }, batch);
      const rows = tokens.arraySync();
      const sum = (logps: readonly number[]) => logps.reduce((total, logp) => total + logp, 0);
      const [long, short] = rows as [number[], number[]];
      const expected = [sum(long.slice(0, 2)) + 0.25 * sum(long.slice(2)), sum(short)];
      const reduced = reduceLogps(tokens, batch.mask, { ldAlpha: 0.25 }, 2);
      expect(reduced.dataSync()).toBeAllClose(expected, SAME_SUMS);
    });
  });
});
