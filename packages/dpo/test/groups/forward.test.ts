import "@tensorflow/tfjs-backend-cpu";
import { type ModelConfig, type Params, sequenceLogps, tokenLogps } from "@preflab/lm";
import { jit, selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completionLogps, type GroupBatch, groupBatch } from "../../src/groups/forward.ts";
import { type Group, longestText } from "../../src/groups/group.ts";
import { LAYOUTS, type Layout, layOut } from "../../src/groups/layout.ts";
import { LEARNED, ROTARY, randomGroups, tinyParameters, WINDOWED } from "../tiny.ts";

// The same sums over the same numbers, in another order.
const SAME_SUMS = { atol: 1e-5, rtol: 1e-5 };
const MAX_LENGTH = 32;
const FAMILIES = { ROTARY, LEARNED, WINDOWED };

beforeEach(async () => {
  await tf.setBackend("cpu");
});
afterEach(() => tf.disposeVariables());

function logpsIn(layout: Layout, config: ModelConfig, params: Params, groups: readonly Group[]) {
  const batch = groupBatch(layOut(groups, { layout, maxLength: MAX_LENGTH }));
  return tf.sum(completionLogps({ config, params }, batch), 1);
}

/** By the shared shift-and-mask code, one text at a time. */
function plainLogps(config: ModelConfig, params: Params, groups: readonly Group[]): number[] {
  return groups.flatMap(({ promptIds, completions }) =>
    completions.map((completion) => {
      const ids = [...Array.from(promptIds), ...Array.from(completion)];
      const row = (data: number[]) => tf.tensor2d([data], undefined, "int32");
      const tokens = { ids: row(ids), attentionMask: row(ids.map(() => 1)) };
      const mask = row(ids.map((_, t) => (t < promptIds.length ? 0 : 1)));
      const logps = tokenLogps({ config, params }, tokens);
      return sequenceLogps(logps, mask).dataSync()[0] as number;
    }),
  );
}

describe("groups/forward", () => {
  test.each(Object.entries(FAMILIES))(
    "%s: both layouts give the log-probabilities of plain texts",
    (_, config) => {
      tf.tidy(() => {
        const params = tinyParameters(config);
        const groups = randomGroups(5, 3);
        const expected = plainLogps(config, params, groups);
        for (const layout of LAYOUTS) {
          expect(logpsIn(layout, config, params, groups).dataSync()).toBeAllClose(
            expected,
            SAME_SUMS,
          );
        }
      });
    },
  );

  test("rows of shared prompts may have more tokens than a text may", () => {
    const groups = randomGroups(5, 3);
    const longest = Math.max(...groups.map(longestText));
    tf.tidy(() => {
      const short = { ...LEARNED, maxPositions: longest };
      const params = tinyParameters(short);
      const logps = logpsIn("shared-prompt", short, params, groups);
      expect(logps.dataSync()).toBeAllClose(plainLogps(short, params, groups), SAME_SUMS);
    });
  });

  test.each(Object.entries(FAMILIES))("%s: both layouts give the same gradients", (_, config) => {
    const params = tf.tidy(() => tinyParameters(config));
    const variables = Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => [name, tf.variable(tensor)]),
    );
    const groups = randomGroups(4, 2);
    const gradients = (layout: Layout) =>
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => {
          const logps = logpsIn(layout, config, variables, groups);
          return tf.mean(tf.mul(logps, tf.linspace(-1, 1, logps.size))) as tf.Scalar;
        }, Object.values(variables));
        return Object.values(grads).map((grad) => Array.from(grad.dataSync()));
      });
    const [separate, shared] = LAYOUTS.map(gradients) as [number[][], number[][]];
    shared.forEach((grad, i) => {
      expect(grad).toBeAllClose(separate[i] as number[], SAME_SUMS);
    });
    expect(separate.flat().some((x) => Math.abs(x) > 1e-4)).toBe(true);
    tf.dispose(params);
  });

  test("compiled for ONNX Runtime, both layouts agree with the cpu backend", async () => {
    const groups = randomGroups(4, 2);
    const data = tf.tidy(() =>
      Object.entries(tinyParameters(ROTARY)).map(
        ([name, tensor]) => [name, tensor.shape, tensor.dataSync()] as const,
      ),
    );
    const create = () =>
      Object.fromEntries(data.map(([name, shape, values]) => [name, tf.tensor(values, shape)]));
    const expected = tf.tidy(() => logpsIn("concatenated", ROTARY, create(), groups).dataSync());
    await selectBackend("ort");
    const params = create();
    for (const layout of LAYOUTS) {
      const batch = groupBatch(layOut(groups, { layout, maxLength: MAX_LENGTH }));
      const run = jit((batch: GroupBatch) =>
        tf.sum(completionLogps({ config: ROTARY, params }, batch), 1),
      );
      const logps = await run.async(batch);
      expect(await logps.data()).toBeAllClose(expected, SAME_SUMS);
      run.dispose();
    }
  });

  test("an empty prompt leaves the first token of each completion without a prediction", () => {
    tf.tidy(() => {
      const params = tinyParameters(ROTARY);
      const groups = [{ promptIds: [], completions: [[5, 6, 1], [1]] }];
      for (const layout of LAYOUTS) {
        const arrays = layOut(groups, { layout, maxLength: MAX_LENGTH });
        expect(Array.from(arrays.mask).reduce((sum, x) => sum + x, 0)).toBe(2);
        const logps = logpsIn(layout, ROTARY, params, groups).dataSync();
        const expected = plainLogps(ROTARY, params, [{ promptIds: [5], completions: [[6, 1]] }]);
        expect(logps).toBeAllClose([expected[0] as number, 0], SAME_SUMS);
      }
    });
  });
});
