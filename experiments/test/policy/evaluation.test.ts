import { fullPolicy, initialParameters, parseConfig, trainableParameters } from "@preflab/lm";
import { CheckedReward, functionReward } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { syntheticDialogueSource } from "../../src/dialogue/synthetic-task.ts";
import { NO_COST, type ReplyPair } from "../../src/judges/judge.ts";
import { type PolicyMeasures, policyEvaluation } from "../../src/policy/evaluation.ts";
import type { PreferenceTask } from "../../src/policy/task.ts";

const SETTINGS = { prompts: 3, samples: 2, pairs: 1, seed: 0, shown: 2 };
const MAX_NEW_TOKENS = 4;

/** What the judge says of the two replies to each of three prompts. */
const PREFERENCES = [1, 0.5, null, 0, null, null];

/** Rounding of 64-bit arithmetic on three numbers. */
const DIGITS = 12;

describe("policy/evaluation", () => {
  const pairs: ReplyPair[] = [];
  let task: PreferenceTask;

  beforeAll(async () => {
    await selectBackend("ort");
    const source = syntheticDialogueSource({
      prompts: { train: 4, validation: 4, test: 4 },
      pairsPerPrompt: 1,
      labels: { kind: "deterministic" },
      seed: 0,
    });
    const opened = await source.open(() => "");
    const { comparison } = opened;
    if (!comparison) throw new Error("Expected a task that compares replies.");
    const judge = async () => ({
      ...{ name: "fixed", cost: NO_COST, dispose: () => {} },
      compare: async (asked: readonly ReplyPair[]) => {
        pairs.push(...asked);
        return PREFERENCES.map((preference) => ({ preference, views: [] }));
      },
    });
    task = { ...opened, comparison: { ...comparison, judge } };
  });

  /** An untrained policy, which is its own reference. */
  async function measured(evaluated: PreferenceTask): Promise<PolicyMeasures> {
    const config = parseConfig({
      ...{ model_type: "gpt2", n_layer: 1, n_embd: 16, n_head: 2, n_positions: 64 },
      vocab_size: evaluated.tokenizer.vocabSize,
      bos_token_id: evaluated.specialIds.bos,
      eos_token_id: evaluated.specialIds.eos,
    });
    const params = initialParameters(config, 1);
    const policy = fullPolicy(config, trainableParameters(params));
    const [prompt] = evaluated.prompts.validation;
    const promptIds = [...(prompt?.ids ?? [])];
    const evaluation = await policyEvaluation({
      ...{ task: evaluated, policy, reference: { config, params }, settings: SETTINGS },
      proxy: new CheckedReward(
        functionReward("length", ({ completionIds }) => completionIds.length),
        { timeoutMs: 1000 },
      ),
      pairs: [{ promptIds, chosenIds: [1], rejectedIds: [2] }],
      ...{ maxNewTokens: MAX_NEW_TOKENS, batchSize: 4, signal: new AbortController().signal },
    });
    try {
      return await evaluation.measure();
    } finally {
      evaluation.dispose();
      tf.dispose([{ ...params }, { ...policy.variables }]);
    }
  }

  test("win rates are of the samples on test prompts against the data, errors over prompts", async () => {
    const { numbers, samples } = await measured(task);
    // Of the prompts: 3/4, then 0 since the other was not understood, and 1/2 without any.
    expect(numbers.win_rate).toBeCloseTo(5 / 12, DIGITS);
    // Deviations 4/12, -5/12, 1/12: variance 21/144, of a mean of three 7/144.
    expect(numbers.win_rate_error).toBeCloseTo(Math.sqrt(7) / 12, DIGITS);
    const prompts = task.prompts.test.slice(0, SETTINGS.prompts);
    expect(pairs.map(({ prompt }) => prompt)).toEqual(prompts.flatMap(({ text }) => [text, text]));
    expect(pairs.map(({ rival }) => rival)).toEqual(
      prompts.flatMap((prompt) => {
        const rival = task.comparison?.rival(prompt);
        return [rival, rival];
      }),
    );
    for (const [i, { completion }] of samples.entries()) {
      const { reply } = pairs[2 * i] as ReplyPair;
      expect([reply, `${reply} <eos>`.trimStart()]).toContain(completion);
    }
  });

  test("a task that compares nothing has the same numbers but for win rates", async () => {
    const { numbers } = await measured({ ...task, comparison: null });
    const { win_rate, win_rate_error, ...others } = (await measured(task)).numbers;
    expect([typeof win_rate, typeof win_rate_error]).toEqual(["number", "number"]);
    expect(numbers).toEqual(others);
  });
});
