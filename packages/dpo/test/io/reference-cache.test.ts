import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Params } from "@preflab/lm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Group } from "../../src/groups/group.ts";
import { cachedReferenceLogps, referenceKey } from "../../src/io/reference-cache.ts";
import type { ReferenceModel, ReferenceOptions } from "../../src/reference/reference.ts";
import { ROTARY, randomGroups, tinyParameters } from "../tiny.ts";

const OPTIONS: ReferenceOptions = {
  layout: "concatenated",
  maxLength: 32,
  batchSize: 4,
  reduction: { ldAlpha: 1 },
};

let folder = "";
let params: Params = {};
let model: ReferenceModel = { config: ROTARY, params };
const groups = randomGroups(6, 2);

beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "preflab-cache-"));
  params = tinyParameters(ROTARY);
  model = { config: ROTARY, params };
});
afterEach(async () => {
  tf.dispose(Object.values(params));
  await rm(folder, { recursive: true });
});

const cached = (given: readonly Group[] = groups, options = OPTIONS) =>
  cachedReferenceLogps(folder, model, given, options);

describe("io/reference-cache", () => {
  test("a second call reads what the first one wrote", async () => {
    const first = await cached();
    const second = await cached();
    expect([first.found, second.found]).toEqual([false, true]);
    expect(second.logps).toEqual(first.logps);
    expect(first.logps).toHaveLength(12);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("another weight, config, id, boundary or setting is another key", async () => {
    const [first, ...rest] = groups as [Group, ...Group[]];
    const moved = {
      promptIds: Array.from(first.promptIds).slice(0, -1),
      completions: first.completions.map((ids) => [
        Array.from(first.promptIds).at(-1) as number,
        ...Array.from(ids),
      ]),
    };
    const changed = { ...first, promptIds: [3, ...Array.from(first.promptIds).slice(1)] };
    const weight = Object.keys(params)[3] as string;
    const nudged = { ...params, [weight]: tf.add(params[weight] as tf.Tensor, 1e-6) };
    const keys = await Promise.all([
      referenceKey(model, groups, OPTIONS),
      referenceKey({ config: ROTARY, params: nudged }, groups, OPTIONS),
      referenceKey({ config: { ...ROTARY, slidingWindow: 4 }, params }, groups, OPTIONS),
      referenceKey(model, [moved, ...rest], OPTIONS),
      referenceKey(model, [changed, ...rest], OPTIONS),
      referenceKey(model, [...rest, first], OPTIONS),
      referenceKey(model, rest, OPTIONS),
      referenceKey(model, groups, { ...OPTIONS, layout: "shared-prompt" }),
      referenceKey(model, groups, { ...OPTIONS, reduction: { ldAlpha: 0.5 } }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await referenceKey(model, groups, OPTIONS)).toBe(keys[0]);
  });

  test("a damaged file is computed anew", async () => {
    const { file, logps } = await cached();
    const good = await readFile(file);
    const flipped = Uint8Array.from(good);
    flipped[5] = (flipped[5] as number) ^ 1;
    for (const bad of [flipped, good.subarray(0, 20), new Uint8Array()]) {
      await writeFile(file, bad);
      const again = await cached();
      expect(again.found).toBe(false);
      expect(again.logps).toEqual(logps);
      expect(await readFile(file)).toEqual(good);
    }
  });
});
