/** Runs of the methods that studies compare, with their names: a study's grid is a list of these. */
import type { Json } from "../../study/experiment.ts";
import type { StudySettings } from "../settings.ts";
import type { DirectTraining, RunSpec } from "./method.ts";

/** Names of groups, by which runs are found again. */
export const GROUP = {
  ...{ dpo: "DPO", ppo: "PPO", gold: "PPO-GT", untuned: "PPO-GT (untuned)" },
  ...{ unlikelihood: "Unlikelihood", preferred: "Preferred-FT", ipo: "IPO", cdpo: "cDPO" },
  ...{ bestOfN: "Best of N", fewShot: "Few-shot" },
} as const;

/** What a run's label and id are made from. */
type Named = Pick<RunSpec, "method" | "group" | "label" | "knobs" | "seed" | "settings">;

/** What direct methods are trained with. */
type DirectNumbers = Pick<StudySettings, "direct">;

/** The reference as it is: the same for all seeds. @param group what the study calls it */
export function referenceRun(group: string): RunSpec {
  return {
    ...{ id: "run/sft-seed0", method: "sft", group, label: `${group} (reference)` },
    ...{ knobs: {}, seed: 0, settings: { kind: "reference" } },
  };
}

/** A model that is measured as it is. @param stage that has it */
export function modelRun(stage: string, group: string): RunSpec {
  return named({
    ...{ method: stage, group, label: group, knobs: {}, seed: 0 },
    settings: { kind: "model", stage },
  });
}

/** DPO. */
export function dpoRun(settings: DirectNumbers, beta: number, seed: number): RunSpec {
  return directRun(settings, seed, {
    ...{ method: "dpo", group: GROUP.dpo, label: `${GROUP.dpo}, β = ${beta}` },
    ...{ knobs: { beta }, objective: { name: "sigmoid", beta } },
  });
}

/** DPO with a share of labels taken for wrong, at β = 0.1. */
export function cdpoRun(settings: DirectNumbers, smoothing: number, seed: number): RunSpec {
  return directRun(settings, seed, {
    ...{ method: "cdpo", group: GROUP.cdpo, label: `${GROUP.cdpo}, ε = ${smoothing}` },
    knobs: { smoothing },
    objective: { name: "sigmoid", beta: 0.1, labelSmoothing: smoothing },
  });
}

/** IPO. */
export function ipoRun(settings: DirectNumbers, beta: number, seed: number): RunSpec {
  return directRun(settings, seed, {
    ...{ method: "ipo", group: GROUP.ipo, label: `${GROUP.ipo}, τ = ${beta}` },
    ...{ knobs: { beta }, objective: { name: "ipo", beta, average: "sum" } },
  });
}

/** Unlikelihood. */
export function unlikelihoodRun(settings: DirectNumbers, alpha: number, seed: number): RunSpec {
  const group = GROUP.unlikelihood;
  return directRun(settings, seed, {
    ...{ method: "unlikelihood", group, label: `${group}, α = ${alpha}` },
    ...{ knobs: { alpha }, objective: { name: "unlikelihood", alpha } },
  });
}

/** Supervised fine-tuning on chosen completions. */
export function preferredFtRun(settings: DirectNumbers, seed: number): RunSpec {
  return named({
    ...{ method: "preferred-ft", group: GROUP.preferred, label: GROUP.preferred, knobs: {}, seed },
    settings: { kind: "preferred_ft", training: trainingOf(settings, "preferred_ft") },
  });
}

/** PPO to a target KL, nats. @param kind `untuned` is on the gold reward */
export function ppoRun<Kind extends "learned" | "gold" | "untuned">(
  { ppo }: { readonly ppo: Readonly<Record<Kind, StudySettings["ppo"]["gold"]>> },
  kind: Kind,
  targetKl: number,
  seed: number,
): RunSpec {
  const { method, group } = PPO[kind];
  return named({
    ...{ method, group, label: `${group}, target KL ${targetKl}` },
    ...{ knobs: { target: targetKl }, seed },
    settings: {
      kind: "ppo",
      reward: kind === "learned" ? "learned" : "gold",
      targetKl,
      training: ppo[kind],
    },
  });
}

const PPO = {
  learned: { method: "ppo", group: GROUP.ppo },
  gold: { method: "ppo-gt", group: GROUP.gold },
  untuned: { method: "ppo-gt-untuned", group: GROUP.untuned },
} as const;

function directRun(
  settings: DirectNumbers,
  seed: number,
  { objective, ...names }: Omit<Named, "seed" | "settings"> & { readonly objective: Json },
): RunSpec {
  const training = trainingOf(settings, names.method);
  return named({ ...names, seed, settings: { kind: "direct", objective, training } });
}

function trainingOf({ direct }: DirectNumbers, name: string): DirectTraining {
  const { lr: rates, ...rest } = direct;
  const lr = rates[name];
  if (lr !== undefined) return { ...rest, lr };
  throw new Error(`${name}: expected a learning rate among direct.lr.`);
}

function named(run: Named): RunSpec {
  const knobs = Object.entries(run.knobs).map(([name, value]) => `-${name}${value}`);
  return { id: `run/${run.method}${knobs.join("")}-seed${run.seed}`, ...run };
}
