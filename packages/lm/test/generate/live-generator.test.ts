import "@tensorflow/tfjs-backend-cpu";
import "@preflab/tfjs-backend-ort";
import { leakedTensors } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { generate } from "../../src/generate/generator.ts";
import { liveGenerator } from "../../src/generate/live-generator.ts";
import {
  initialAdapter,
  type LoraAdapter,
  loraPolicy,
  mergeAdapter,
} from "../../src/lora/adapter.ts";
import type { TrainablePolicy } from "../../src/train/policy.ts";
import type { Params } from "../../src/types.ts";
import { TINY, tinyPolicy } from "../train/tiny.ts";

const PROMPTS = [
  [3, 1, 4],
  [1, 5],
];
const OPTIONS = { maxNewTokens: 12, temperature: 1, seed: 3, eos: null };

beforeEach(() => tf.setBackend("ort"));
afterEach(() => tf.disposeVariables());

/** What a step of training might do. */
function change({ variables }: TrainablePolicy | LoraAdapter, seed: number): void {
  tf.tidy(() => {
    for (const variable of Object.values(variables)) {
      variable.assign(tf.add(variable, tf.randomUniform(variable.shape, -1, 1, "float32", seed)));
    }
  });
}

const idsOf = (completions: readonly { readonly ids: readonly number[] }[]) =>
  completions.map(({ ids }) => [...ids]);

/** What a model of these parameters writes. */
const written = async (params: Params) => idsOf(await generate(TINY, params, PROMPTS, OPTIONS));

describe("generate/live-generator", () => {
  test("a policy generates with the weights of the moment", async () => {
    const policy = tinyPolicy();
    const generator = liveGenerator(policy);
    for (const seed of [1, 2]) {
      change(policy, seed);
      const now = idsOf(await generator.generate(PROMPTS, OPTIONS));
      expect(now).toEqual(await written(policy.parameters()));
    }
    generator.dispose();
  });

  test("so does one whose adapters are trained", async () => {
    const { variables } = tinyPolicy();
    const adapter = initialAdapter(TINY, { rank: 3, alpha: 6, targetModules: ["q_proj"] }, 5);
    const generator = liveGenerator(loraPolicy(TINY, variables, adapter));
    const before = idsOf(await generator.generate(PROMPTS, OPTIONS));
    expect(before).toEqual(await written(variables));
    for (const seed of [1, 2]) {
      change(adapter, seed);
      const merged = mergeAdapter(variables, adapter);
      const now = idsOf(await generator.generate(PROMPTS, OPTIONS));
      expect(now).toEqual(await written(merged));
      expect(now).not.toEqual(before);
      tf.dispose(merged);
    }
    generator.dispose();
  });

  test("nothing is left behind", async () => {
    const { variables } = tinyPolicy();
    const adapter = initialAdapter(TINY, { rank: 3, alpha: 6, targetModules: ["q_proj"] }, 5);
    const use = async () => {
      const generator = liveGenerator(loraPolicy(TINY, variables, adapter));
      await generator.generate(PROMPTS, OPTIONS);
      generator.dispose();
    };
    await use();
    expect(await leakedTensors(use)).toBe(0);
  });
});
