/**
 * Replies of a finished policy, judged against those of the data: at several temperatures to the
 * evaluation's prompts, and to prompts on new topics. All policies draw the same random numbers.
 */
import type { Completion } from "@preflab/lm";
import { CheckedReward, type PolicyPrompt, rewardInput } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import type { ComparedPoint, ComparedSample } from "../../study/comparisons.ts";
import type { Stage, StageContext } from "../../study/experiment.ts";
import { loadStageModel } from "../../study/stage-training.ts";
import { type JudgedReply, pointOf } from "../comparison/points.ts";
import {
  type ReplyMode,
  type ReplyPolicy,
  repliesId,
  replyPolicies,
} from "../comparison/policies.ts";
import { type ReplyRow, writeReplies } from "../comparison/reply-files.ts";
import { type ReplyJudge, replyJudge } from "../comparison/reply-judge.ts";
import {
  bestOfNSampler,
  fewShotSampler,
  plainSampler,
  type ReplySampler,
  type SamplerParts,
} from "../comparison/sampler.ts";
import type { RunSpec } from "../methods/method.ts";
import { batchRows, type StudyParts } from "../parts.ts";
import type { ComparisonSettings } from "../settings.ts";
import type { PreferenceTask, ReplyComparison } from "../task.ts";
import { openRewardModel, REWARD_MODEL } from "./reward-model.ts";

const TIMEOUT_MS = 600_000;

/** Durations, roughly, in those of a direct method. */
const WEIGHTS: Readonly<Record<ReplyMode, number>> = {
  ...{ sampled: 0.2, "few-shot": 0.2, "best-of-n": 0.6 },
};

/** One stage for each policy of a study; none where nothing is compared. */
export function repliesStages(parts: StudyParts, specs: readonly RunSpec[]): Stage[] {
  return replyPolicies(parts, specs).map((policy) => repliesStage(parts, policy));
}

function repliesStage(parts: StudyParts, policy: ReplyPolicy): Stage {
  const { source, settings } = parts;
  const { comparison = null, evaluation, maxNewTokens, backbone } = settings;
  const { id, label, group, seed, model, mode } = policy;
  return {
    id: repliesId(policy),
    title: `replies of ${label}, seed ${seed}`,
    config: {
      ...{ id, label, group, seed, mode, comparison: comparison && { ...comparison } },
      ...{ prompts: evaluation.prompts, shown: evaluation.shown },
      ...{ maxNewTokens, maxLength: backbone.maxLength, batchSize: batchRows(settings) },
    },
    inputs: [model, ...(mode === "best-of-n" ? [REWARD_MODEL] : []), ...source.inputs],
    files: source.files,
    weight: WEIGHTS[mode],
    build: async (context) => build(await source.open(context.input), parts, policy, context),
  };
}

/** Prompts of a sort, and the temperatures at which they are replied to. */
interface PromptSet {
  readonly prompts: ComparedPoint["prompts"];
  readonly list: readonly PolicyPrompt[];
  readonly temperatures: readonly number[];
}

async function build(
  task: PreferenceTask,
  { settings }: StudyParts,
  policy: ReplyPolicy,
  context: StageContext,
): Promise<void> {
  const { comparison } = settings;
  if (!comparison || !task.comparison) {
    throw new Error(`${repliesId(policy)}: expected a task and settings that compare replies.`);
  }
  const judges = {
    judge: await replyJudge(task.comparison, context.signal),
    gold: new CheckedReward(await task.gold(), { timeoutMs: TIMEOUT_MS }),
  };
  const parts = { task, settings: { ...settings, comparison }, signal: context.signal };
  const open = await openSampler(policy, parts, task.comparison, context);
  const sets = promptSets(task, task.comparison, parts.settings);
  const total = sets.reduce((sum, { temperatures }) => sum + temperatures.length, 0);
  const points: ComparedPoint[] = [];
  const all: ReplyRow[] = [];
  try {
    for (const { prompts, list, temperatures } of sets) {
      for (const temperature of temperatures) {
        const replies = await open.sampler.sample(list, temperature);
        const place = { prompts, temperature };
        const rows = await judged(place, list, replies, task.comparison, judges);
        points.push(pointOf(place, rows.map(withLength)));
        all.push(...rows);
        const note = `win rate ${points.at(-1)?.win_rate.toFixed(2)} at ${temperature}`;
        context.progress({ done: points.length, total, note });
      }
    }
  } finally {
    open.dispose();
    judges.judge.dispose();
    judges.gold.dispose();
  }
  const { id, label, group, seed } = policy;
  const samples = samplesOf(all, comparison, settings.evaluation.shown);
  await writeReplies(context.folder, all, { id, label, group, seed, points, samples });
}

/** Those without any prompt are left out. */
function promptSets(
  { prompts }: PreferenceTask,
  { newTopics }: ReplyComparison,
  { evaluation, comparison }: SamplerParts["settings"],
): PromptSet[] {
  const sets: readonly PromptSet[] = [
    {
      ...{ prompts: "test", list: prompts.test.slice(0, evaluation.prompts) },
      temperatures: comparison.temperatures,
    },
    {
      ...{ prompts: "new topics", list: newTopics.slice(0, comparison.newTopics) },
      temperatures: comparison.newTopicTemperatures,
    },
  ];
  return sets.filter(({ list }) => list.length > 0);
}

/** A sampler with what it holds. */
async function openSampler(
  { model: origin, mode }: ReplyPolicy,
  parts: Omit<SamplerParts, "model">,
  comparison: ReplyComparison,
  { input }: StageContext,
): Promise<{ readonly sampler: ReplySampler; dispose(): void }> {
  const model = await loadStageModel(input(origin));
  const rewardModel = mode === "best-of-n" ? await openRewardModel(input(REWARD_MODEL)) : null;
  const own = { ...parts, model };
  const sampler = rewardModel
    ? bestOfNSampler(own, rewardModel)
    : mode === "few-shot"
      ? fewShotSampler(own, comparison)
      : plainSampler(own);
  return {
    sampler,
    dispose: () => {
      sampler.dispose();
      tf.dispose([{ ...model.params }, { ...rewardModel?.params }]);
    },
  };
}

/** Who says what replies are worth. */
interface Judges {
  readonly judge: ReplyJudge;
  readonly gold: CheckedReward;
}

async function judged(
  place: Pick<ComparedPoint, "prompts" | "temperature">,
  prompts: readonly PolicyPrompt[],
  replies: readonly Completion[],
  { rival }: ReplyComparison,
  { judge, gold }: Judges,
): Promise<ReplyRow[]> {
  const promptOf = (reply: Completion) => prompts[reply.prompt] as PolicyPrompt;
  const preferences = await judge.preferences(
    replies.map((reply) => ({ prompt: promptOf(reply), text: reply.text ?? "" })),
  );
  const golds = await gold.score(replies.map((reply) => rewardInput(prompts, reply)));
  return replies.map((reply, i) => ({
    ...{ ...place, prompt: reply.prompt, sample: reply.sample },
    question: promptOf(reply).text ?? "",
    ...{ text: reply.text ?? "", rival: rival(promptOf(reply)), tokens: reply.ids.length },
    ...{ gold: golds[i] as number, preference: preferences[i] ?? null },
  }));
}

function withLength(row: ReplyRow): JudgedReply {
  return { ...row, lengthDifference: row.text.length - row.rival.length };
}

/** The first replies to the first test prompts, at temperature 1 or the highest that there is. */
function samplesOf(
  rows: readonly ReplyRow[],
  { temperatures }: ComparisonSettings,
  shown: number,
): ComparedSample[] {
  const temperature = temperatures.includes(1) ? 1 : Math.max(...temperatures);
  const isShown = (row: ReplyRow) =>
    row.prompts === "test" && row.temperature === temperature && row.sample === 0;
  return rows
    .filter((row) => isShown(row) && row.prompt < shown)
    .map(({ question: prompt, text: reply, rival, preference }) => {
      return { prompt, reply, rival, preference };
    });
}
