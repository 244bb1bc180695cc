/** Many completions of the reference with both rewards: for best-of-n, and for the limit. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createGenerator } from "@preflab/lm";
import { CheckedReward, learnedReward, type PolicyPrompt, samplePools } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import type { Stage, StageContext } from "../../study/experiment.ts";
import { loadStageModel, writeJson } from "../../study/stage-training.ts";
import { replyJudge } from "../comparison/reply-judge.ts";
import { batchRows, type StudyParts } from "../parts.ts";
import type { PreferenceTask } from "../task.ts";
import { openRewardModel, REWARD_MODEL } from "./reward-model.ts";

/** Id of the stage. */
export const POOL = "pool";

const FILE = "pool.json";
const TIMEOUT_MS = 600_000;
const PROMPTS_AT_ONCE = 4;

/** Rewards of a prompt's completions. */
export interface PromptPool {
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
  /** Of the task's judge over the reply of the data; null where it was not understood. */
  readonly preferences?: readonly (number | null)[];
}

/** The stage that samples the pool. */
export function poolStage(parts: StudyParts): Stage {
  const { source, settings, reference } = parts;
  const { pool, evaluation, maxNewTokens, backbone } = settings;
  return {
    id: POOL,
    title: "pool of reference completions",
    config: {
      ...{ samples: pool.samples, seed: pool.seed, prompts: evaluation.prompts },
      ...{ maxNewTokens, maxLength: backbone.maxLength },
    },
    inputs: [reference, REWARD_MODEL, ...source.inputs],
    files: source.files,
    weight: 0.3,
    build: async (context) => build(await source.open(context.input), parts, context),
  };
}

/** The pool of a finished stage, one for each of the evaluation's prompts. */
export async function readPool(folder: string): Promise<PromptPool[]> {
  return JSON.parse(await readFile(join(folder, FILE), "utf8")) as PromptPool[];
}

async function build(
  task: PreferenceTask,
  { settings, reference }: StudyParts,
  { folder, input, signal, progress }: StageContext,
): Promise<void> {
  const model = await loadStageModel(input(reference));
  const rewardModel = await openRewardModel(input(REWARD_MODEL));
  const { pool, evaluation, maxNewTokens, sampledRows, backbone } = settings;
  const { maxLength } = backbone;
  const batchSize = batchRows(settings);
  const proxy = new CheckedReward(learnedReward(rewardModel, { batchSize, maxLength }), {
    timeoutMs: TIMEOUT_MS,
  });
  const gold = new CheckedReward(await task.gold(), { timeoutMs: TIMEOUT_MS });
  const judge = task.comparison && (await replyJudge(task.comparison, signal));
  const generator = createGenerator(model.config, model.params, { maxRows: sampledRows });
  const prompts: readonly PolicyPrompt[] = task.prompts.test.slice(0, evaluation.prompts);
  const pools: PromptPool[] = [];
  try {
    const groups = samplePools(
      generator,
      { prompts, proxy, gold },
      {
        generation: {
          ...{ maxNewTokens, temperature: 1, samples: pool.samples, seed: pool.seed, signal },
          decode: (ids) => task.tokenizer.decode([...ids]),
        },
        promptsAtOnce: PROMPTS_AT_ONCE,
      },
    );
    for await (const group of groups) {
      for (const { prompt: index, completions, proxy, gold } of group) {
        const prompt = prompts[index] as PolicyPrompt;
        const preferences = await judge?.preferences(
          completions.map(({ text }) => ({ prompt, text: text ?? "" })),
        );
        pools.push({
          ...{ proxy: [...proxy], gold: [...(gold ?? [])] },
          ...(preferences && { preferences }),
        });
      }
      progress({ done: pools.length, total: prompts.length });
    }
    await writeJson(join(folder, FILE), pools);
  } finally {
    generator.dispose();
    proxy.dispose();
    gold.dispose();
    judge?.dispose();
    tf.dispose([{ ...model.params }, { ...rewardModel.params }]);
  }
}
