import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import type { Group } from "../../src/groups/group.ts";
import { layOut } from "../../src/groups/layout.ts";
import { referenceLogps } from "../../src/reference/reference.ts";
import { ROTARY, tinyParameters } from "../tiny.ts";

/** A group of two completions of the given lengths. */
function groupOf(prompt: number, completion: number): Group {
  const ids = (length: number) => Array<number>(length).fill(2);
  return { promptIds: ids(prompt), completions: [ids(completion), ids(1)] };
}

describe("groups/layout", () => {
  test("rows of shared prompts have few lengths, those longer than one text, too", () => {
    const lengthOf = (prompt: number, completion: number) =>
      layOut([groupOf(prompt, completion)], { layout: "shared-prompt", maxLength: 100 }).shape
        .length;
    expect(lengthOf(90, 5)).toBe(96);
    expect(lengthOf(94, 5)).toBe(100);
    expect([lengthOf(60, 40), lengthOf(80, 20), lengthOf(99, 1)]).toEqual([112, 112, 112]);
  });

  test("more combinations of lengths than programs are kept by default are computed", async () => {
    await selectBackend("ort");
    const groups = [1, 2, 3, 4, 5, 6, 7].flatMap((rows) =>
      [1, 2, 3, 4, 5, 6].map((width) => groupOf(16 * rows, 16 * width)),
    );
    const options = { layout: "concatenated" as const, maxLength: 256, batchSize: 1 };
    const shapes = groups.map((group) => Object.values(layOut([group], options).shape).join());
    expect(new Set(shapes).size).toBeGreaterThan(32);
    const params = tinyParameters(ROTARY);
    const reduction = { ldAlpha: 1 };
    const logps = await referenceLogps({ config: ROTARY, params }, groups, {
      ...options,
      reduction,
    });
    expect(logps.every((logp) => logp < 0)).toBe(true);
    tf.dispose(params);
  });
});
