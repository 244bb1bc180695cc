/** What the runs of a study compute, group by group. */
import { type PpoConfig, parsePpoConfig } from "@preflab/rlhf";
import type { Json } from "../../study/experiment.ts";
import type { Method, RunSpec } from "../methods/method.ts";
import type { PpoStudySettings, StudySettings } from "../settings.ts";
import { evaluationWork, plusWork, timesWork, type Work } from "./work.ts";

/** Runs of one group: all their work, and what one of them has in memory. */
export interface GroupWork {
  readonly group: string;
  readonly times: number;
  readonly work: Work;
  /** Of the weights: reference, policy and learned reward; with PPO that reward twice. */
  readonly copies: number;
  /** Numbers that the optimizer keeps per parameter; null where nothing is trained. */
  readonly slots: number | null;
  /** Texts that a gradient is computed of together; null for as many as fit into a batch. */
  readonly texts: number | null;
}

/** Numbers of RMSprop and Adam per parameter. */
const SLOTS = { direct: 1, ppo: 2 };
/** Reference, policy, learned reward. */
const COPIES = 3;

/** All groups, in the order of their first runs. */
export function runsWork(specs: readonly RunSpec[], settings: StudySettings): GroupWork[] {
  const groups = [...new Set(specs.map(({ group }) => group))];
  return groups.map((group) => {
    const own = specs.filter((spec) => spec.group === group);
    const works = own.map((spec) => runWork(spec.settings, settings));
    const { direct } = settings;
    const { kind } = (own[0] as RunSpec).settings;
    const perPair = kind === "preferred_ft" ? 1 : 2;
    const isTrained = kind !== "reference" && kind !== "model";
    return {
      ...{ group, times: own.length, work: works.reduce(plusWork) },
      copies: kind === "ppo" ? COPIES + 1 : COPIES,
      slots: isTrained ? (kind === "ppo" ? SLOTS.ppo : SLOTS.direct) : null,
      texts: kind === "ppo" ? null : (perPair * direct.batchSize) / (direct.microBatches ?? 1),
    };
  });
}

/** One run, with its evaluations: after every so many steps, and at the end. */
function runWork(method: Method, settings: StudySettings): Work {
  const once = evaluationWork(settings);
  if (!("training" in method)) return once;
  const { steps, evalEvery } = method.training;
  const evaluations = timesWork(Math.floor(steps / evalEvery) + 1, once);
  const training = method.kind === "ppo" ? ppoWork(method, settings) : directWork(method, settings);
  return plusWork(evaluations, training);
}

function directWork(
  { kind }: Method,
  { direct: { steps, batchSize }, backbone: { maxLength } }: StudySettings,
): Work {
  return {
    trainTokens: steps * batchSize * (kind === "direct" ? 2 : 1) * maxLength,
    ...{ readTokens: 0, sampledTokens: 0, goldTexts: 0 },
  };
}

/** Rollouts, read by policy, reference and learned reward where there is one, and all passes over them. */
function ppoWork(
  { reward, training }: Extract<Method, { kind: "ppo" }>,
  { maxNewTokens, backbone: { maxLength } }: StudySettings,
): Work {
  const { rollout, update } = resolvedPpo(training, maxNewTokens);
  const texts = training.steps * rollout.completions;
  return {
    trainTokens: update.epochs * texts * maxLength,
    readTokens: (reward === "learned" ? 3 : 2) * texts * maxLength,
    sampledTokens: texts * maxNewTokens,
    goldTexts: reward === "gold" ? texts : 0,
  };
}

/** All settings, those of the preset included. */
export function resolvedPpo(
  { settings, steps }: PpoStudySettings,
  maxNewTokens: number,
): PpoConfig {
  const given = settings as Readonly<Record<string, Json>>;
  const rollout = (given["rollout"] ?? {}) as Readonly<Record<string, Json>>;
  return parsePpoConfig({ ...given, maxSteps: steps, rollout: { ...rollout, maxNewTokens } });
}
