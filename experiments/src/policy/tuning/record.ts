/** What tuning has found: the score of every configuration of every method, and which is chosen. */
import { join } from "node:path";
import { writeTextAtomically } from "@preflab/lm";
import type { RunResult } from "../../study/results.ts";
import { writeJson } from "../../study/stage-training.ts";
import type { RewardAtKl } from "../../study/statistics/frontier.ts";
import type { TuningCandidate, TuningSettings } from "./candidates.ts";
import { frontierMean } from "./rule.ts";

/** tuning.json. */
export interface TuningRecord {
  readonly version: 1;
  readonly preset: string;
  readonly rule: string;
  readonly settings: TuningSettings;
  readonly methods: readonly TunedMethod[];
  /** Hash of the sources that made it. */
  readonly code: string;
}

/** A method after tuning. */
export interface TunedMethod {
  /** Such as `dpo`. */
  readonly method: string;
  /** By candidate; null where a run took more operations than the cap. */
  readonly scores: readonly (number | null)[];
  /** Index of the candidate with the highest score. */
  readonly chosen: number;
  /** Of all its runs together. */
  readonly flops: number;
  readonly runs: readonly TunedRun[];
}

/** A run, as far as the rule looks at it. */
interface TunedRun {
  readonly id: string;
  readonly candidate: number;
  readonly knobs: RunResult["knobs"];
  readonly flops: number;
  /** Means over validation prompts. */
  readonly evaluations: readonly {
    readonly step: number;
    readonly kl: number;
    readonly gold: number;
  }[];
}

const RULE =
  "The configuration with the highest mean, over KL from 0 to the range, of the gold reward that the " +
  "concave envelope of its evaluations on validation prompts reaches, at all evaluated steps and at " +
  "both values of its sweep, together with the reference at KL 0. Test prompts play no part.";

/** Results of a tuning. */
export interface TuningResults {
  readonly reference: RunResult;
  readonly candidates: readonly { readonly candidate: number; readonly result: RunResult }[];
}

/** Puts together what tuning has found. */
export function tuningRecord(
  preset: string,
  settings: TuningSettings,
  { reference, candidates: results }: TuningResults,
  code: string,
): TuningRecord {
  const start = pointsOf(tunedRun(0, reference));
  const methods = [...new Set(results.map(({ result }) => result.method))].map((method) => {
    const runs = results
      .filter(({ result }) => result.method === method)
      .map(({ candidate, result }) => tunedRun(candidate, result));
    const scores = settings.candidates.map((_, candidate) =>
      scoreOf(
        runs.filter((run) => run.candidate === candidate),
        start,
        settings,
      ),
    );
    const flops = runs.reduce((sum, run) => sum + run.flops, 0);
    return { method, scores, chosen: bestOf(scores), flops, runs };
  });
  return { version: 1, preset, rule: RULE, settings, methods, code };
}

/** Writes tuning.json and a table of it to read. */
export async function writeTuning(folder: string, record: TuningRecord): Promise<void> {
  await writeJson(join(folder, "tuning.json"), record);
  await writeTextAtomically(join(folder, "tuning.md"), tuningTable(record));
}

function tunedRun(candidate: number, { id, knobs, costs, evaluations }: RunResult): TunedRun {
  return {
    ...{ id, candidate, knobs, flops: costs.flops },
    evaluations: evaluations.flatMap(({ step, validation }) =>
      validation ? [{ step, ...validation }] : [],
    ),
  };
}

/** @returns null if a run took more operations than it may */
function scoreOf(
  runs: readonly TunedRun[],
  start: readonly RewardAtKl[],
  { klRange, flopsCap }: TuningSettings,
): number | null {
  if (runs.some(({ flops }) => flops > flopsCap)) return null;
  return frontierMean([...start, ...runs.flatMap(pointsOf)], klRange);
}

function pointsOf({ evaluations }: TunedRun): RewardAtKl[] {
  return evaluations.map(({ kl, gold }) => ({ kl, reward: gold }));
}

/** The first of the highest. @throws Error if no candidate may be chosen */
function bestOf(scores: readonly (number | null)[]): number {
  const best = scores.reduce<number>((at, score, i) => {
    const most = scores[at] ?? null;
    return score !== null && (most === null || score > most) ? i : at;
  }, 0);
  if ((scores[best] ?? null) !== null) return best;
  throw new Error("tuning: every configuration took more operations than the cap allows.");
}

function tuningTable({ preset, rule, settings, methods }: TuningRecord): string {
  const { candidates, klRange, flopsCap } = settings;
  const header = ["method", ...candidates.map((_, i) => `configuration ${i}`), "chosen", "TFLOP"];
  const rows = methods.map(({ method, scores, chosen, flops }) => [
    method,
    ...scores.map((score) => (score === null ? "over the cap" : score.toFixed(4))),
    choiceOf(method, candidates[chosen] as TuningCandidate),
    (flops / 1e12).toFixed(2),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const choices = candidates.map(
    ({ lr, ppo }, i) =>
      `- configuration ${i}: learning rate ${lr}; PPO: learning rate ${ppo.lr}, ${ppo.epochs} passes`,
  );
  return [
    `# Tuning for the preset \`${preset}\``,
    "",
    `${rule} KL range: ${klRange} nats. No run may take more than ${flopsCap / 1e12} TFLOP.`,
    "",
    ...choices,
    "",
    line(header),
    line(header.map(() => "---")),
    ...rows.map(line),
    "",
  ].join("\n");
}

function choiceOf(method: string, { lr, ppo }: TuningCandidate): string {
  return method.startsWith("ppo") ? `${ppo.lr}, ${ppo.epochs} passes` : String(lr);
}
