/** What every run has: the reference, a policy that begins as it, and how the policy is measured. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  fullPolicy,
  type LoadedModel,
  openRun,
  type RunFolder,
  type Snapshot,
  type StepMetrics,
  saveModel,
  type TrainablePolicy,
  type TrainHooks,
  type TrainOutcome,
  trainableParameters,
  type Variables,
} from "@preflab/lm";
import { CheckedReward, learnedReward } from "@preflab/rlhf";
import * as tf from "@tensorflow/tfjs-core";
import type { StageContext } from "../../study/experiment.ts";
import type { Costs, Evaluation, RunResult, SampleText } from "../../study/results.ts";
import {
  finishInterrupted,
  loadStageModel,
  trainingHooks,
  writeJson,
} from "../../study/stage-training.ts";
import { type PolicyEvaluation, type PolicyMeasures, policyEvaluation } from "../evaluation.ts";
import { batchRows, type StudyParts } from "../parts.ts";
import type { StudySettings } from "../settings.ts";
import { PREFERENCES, readPairs } from "../stages/preference-files.ts";
import { openRewardModel, REWARD_MODEL } from "../stages/reward-model.ts";
import type { PreferenceTask } from "../task.ts";
import type { RunSpec } from "./method.ts";

const TIMEOUT_MS = 600_000;

/** What a run computes with. */
export interface RunParts {
  readonly spec: RunSpec;
  readonly task: PreferenceTask;
  readonly settings: StudySettings;
  readonly context: StageContext;
  readonly reference: LoadedModel;
  readonly policy: TrainablePolicy;
  /** The learned reward, normalised. */
  readonly proxy: CheckedReward;
  readonly evaluation: PolicyEvaluation;
  /** Texts computed together. */
  readonly batchSize: number;
}

/** Opens the parts of a run, runs it and frees them. */
export async function withRunParts(
  spec: RunSpec,
  { source, settings, reference: origin }: StudyParts,
  context: StageContext,
  run: (parts: RunParts) => Promise<void>,
): Promise<void> {
  const task = await source.open(context.input);
  const reference = await loadStageModel(context.input(origin));
  const rewardModel = await openRewardModel(context.input(REWARD_MODEL));
  const policy = await firstPolicy(spec, reference, context);
  const { maxLength } = settings.backbone;
  const batchSize = batchRows(settings);
  const proxy = new CheckedReward(learnedReward(rewardModel, { batchSize, maxLength }), {
    timeoutMs: TIMEOUT_MS,
  });
  const pairs = await readPairs(context.input(PREFERENCES), "validation");
  const evaluation = await policyEvaluation({
    ...{ task, policy, reference, proxy, pairs, batchSize },
    settings: settings.evaluation,
    maxNewTokens: settings.maxNewTokens,
    signal: context.signal,
  });
  try {
    await run({ spec, task, settings, context, reference, policy, proxy, evaluation, batchSize });
  } finally {
    evaluation.dispose();
    proxy.dispose();
    tf.dispose([{ ...reference.params }, { ...rewardModel.params }, { ...policy.variables }]);
  }
}

/** The policy before it is trained: the reference, but for models that are measured as they are. */
async function firstPolicy(
  { settings }: RunSpec,
  reference: LoadedModel,
  { input }: StageContext,
): Promise<TrainablePolicy> {
  if (settings.kind !== "model") {
    return fullPolicy(reference.config, trainableParameters(reference.params));
  }
  const { config, params } = await loadStageModel(input(settings.stage));
  const policy = fullPolicy(config, trainableParameters(params));
  tf.dispose({ ...params });
  return policy;
}

/** How a run trains: a trainer with its hooks and the checkpoint that it goes on from. */
export interface Training {
  /** All that decides it, for the run's folder. */
  readonly config: unknown;
  /** What checkpoints hold. */
  readonly variables: Variables;
  readonly maxSteps: number;
  /** Texts that one step learns from. */
  readonly examplesPerStep: number;
  /** Of methods that are led to one, nats. */
  readonly targetKl?: number;
  train(
    hooks: TrainHooks,
    resume: (Snapshot & { readonly name: string }) | undefined,
  ): Promise<TrainOutcome>;
  /** @param metrics of all steps */
  costs(metrics: readonly StepMetrics[]): Costs;
}

/**
 * Trains the policy, measuring it on the way, and writes result.json, metrics.jsonl and the model.
 * @throws InterruptedError once a checkpoint is saved
 */
export async function trainRun(parts: RunParts, training: Training): Promise<void> {
  const { context, policy, task } = parts;
  const run = await openRun(
    join(context.folder, "partial"),
    { config: training.config },
    { resume: true },
  );
  const metrics = run.pastMetrics.map(metricsOf);
  try {
    const resumed = await run.restore(training.variables);
    const hooks = runHooks(parts, training, run, metrics);
    const outcome = await training.train(hooks, resumed ?? undefined);
    finishInterrupted(outcome, context);
    const evaluations = await readEvaluations(context.folder, metrics);
    const { samples } = evaluations.at(-1) as KeptEvaluation;
    await writeRunResult(parts, {
      evaluations: evaluations.map(({ evaluation }) => evaluation),
      samples,
      costs: training.costs(metrics),
      ...(training.targetKl !== undefined && { target_kl: training.targetKl }),
    });
    await saveModel(join(context.folder, "model"), {
      ...{ config: policy.config, params: policy.parameters(), tokenizer: task.files },
    });
  } finally {
    await run.close();
  }
}

/** Metrics as they were logged: numbers that JSON has not are strings in files, such as "NaN". */
function metricsOf(row: Readonly<Record<string, unknown>>): StepMetrics {
  const numbers = Object.fromEntries(Object.entries(row).map(([name, x]) => [name, Number(x)]));
  const number = (name: string) => numbers[name] ?? Number.NaN;
  return {
    ...numbers,
    ...{ step: number("step"), loss: number("loss") },
    ...{ lr: number("lr"), grad_norm: number("grad_norm") },
  };
}

/** Writes result.json. */
export function writeRunResult(
  { spec, context }: Pick<RunParts, "spec" | "context">,
  result: Pick<RunResult, "evaluations" | "samples" | "costs" | "target_kl">,
): Promise<void> {
  const { id, method, group, label, knobs, seed } = spec;
  const whole: RunResult = { id, method, group, label, knobs, seed, status: "ok", ...result };
  return writeJson(join(context.folder, "result.json"), whole);
}

function runHooks(
  { context, evaluation }: RunParts,
  { variables, maxSteps, examplesPerStep }: Training,
  run: RunFolder,
  metrics: StepMetrics[],
): TrainHooks {
  const hooks = trainingHooks(context, run, variables, maxSteps, (row) =>
    "eval/gold" in row
      ? `reward ${row["eval/gold"]?.toFixed(3)}  kl ${row["eval/kl"]?.toFixed(2)}`
      : "",
  );
  return {
    ...hooks,
    log: async (row) => {
      metrics.push(row);
      await hooks.log?.(row);
    },
    evaluate: async (step) => {
      const { numbers, samples } = await evaluation.measure();
      const kept = { evaluation: { step, examples: step * examplesPerStep, ...numbers }, samples };
      await writeJson(evaluationFile(context.folder, step), kept);
      return scalarsOf(numbers);
    },
  };
}

/** An evaluation on disk. */
interface KeptEvaluation {
  readonly evaluation: Evaluation;
  readonly samples: readonly SampleText[];
}

/** Beside checkpoints: those of steps that are taken again are written again. */
function evaluationFile(folder: string, step: number): string {
  return join(folder, "partial", `evaluation-${step}.json`);
}

/** Evaluations of all steps whose metrics have one. */
function readEvaluations(
  folder: string,
  metrics: readonly StepMetrics[],
): Promise<KeptEvaluation[]> {
  const steps = metrics.flatMap((row) => ("eval/gold" in row ? [row.step] : []));
  return Promise.all(
    steps.map(async (step) => {
      const text = await readFile(evaluationFile(folder, step), "utf8");
      return JSON.parse(text) as KeptEvaluation;
    }),
  );
}

/** Numbers of an evaluation as metrics of a step. */
function scalarsOf(numbers: PolicyMeasures["numbers"]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) =>
      typeof value === "number" ? [[`eval/${name}`, value]] : [],
    ),
  );
}
