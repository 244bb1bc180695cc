/**
 * A run of any trainer: its folder, what it goes on from, what is done after each step, and its end.
 * Losses and data are the trainer's own.
 */
import { basename, extname, join } from "node:path";
import {
  ConfigError,
  earlyStop,
  type ModelConfig,
  openRun,
  type Resumed,
  type RunFolder,
  type RunManifest,
  type StepMetrics,
  type TrainerConfig,
  type TrainHooks,
  type TrainOutcome,
  type Variables,
} from "@preflab/lm";
import { InterruptedError } from "../errors.ts";
import type { Io } from "../io.ts";
import { toJson } from "../output.ts";
import type { DataSettings } from "./data-settings.ts";
import type { TrainingFlags } from "./flags.ts";
import { type TrainingProgress, trainingProgress } from "./progress.ts";
import type { Sampler } from "./samples.ts";
import type { Trainable } from "./trainable.ts";

/** Settings that do not decide what was computed up to a checkpoint. */
const MAY_CHANGE: readonly string[] = [
  "maxSteps",
  "epochs",
  "evalEvery",
  "saveEvery",
  "samples",
  "generation",
  "earlyStop",
  "cache",
  ...["lr", "schedule", "warmupSteps", "weightDecay", "maxGradNorm"].map(
    (key) => `optimizer.${key}`,
  ),
];

/** Numbers of an evaluation that are printed: all but the bars of histograms. */
const SHOWN = /^eval\/(?!.*\/\d)/;

/** Folder of a run. */
function runPath({ out, config }: Pick<TrainingFlags, "out" | "config">): string {
  return out ?? join("runs", basename(config, extname(config)));
}

/** Opens the folder of a run; with `--resume`, one that is there. @throws CheckpointError */
export function openTrainingRun(
  flags: Pick<TrainingFlags, "out" | "config" | "resume">,
  manifest: RunManifest,
): Promise<RunFolder> {
  return openRun(runPath(flags), manifest, {
    resume: flags.resume ?? false,
    mayChange: MAY_CHANGE,
    clock: () => Date.now() / 1000,
  });
}

/**
 * Checks settings that only together, or with a model, make no sense.
 * @throws ConfigError
 */
export function checkTrainerSettings(
  { maxLength, earlyStop: early, evalEvery }: TrainerConfig,
  { eval: held }: Pick<DataSettings, "eval">,
  { position, maxPositions }: ModelConfig,
): void {
  if (position.kind === "learned" && maxLength > maxPositions) {
    throw new ConfigError(
      `expected maxLength up to the model's ${maxPositions} positions, got ${maxLength}.`,
      ["maxLength"],
    );
  }
  const needsData = { evalEvery: evalEvery > 0, earlyStop: early.patience > 0 };
  for (const [key, isSet] of Object.entries(needsData)) {
    if (!isSet || held !== null) continue;
    throw new ConfigError(`expected data.eval, which ${key} needs, got none.`, [key]);
  }
}

/** What a trainer brings along. */
export interface TrainingParts {
  readonly run: RunFolder;
  readonly trainable: Trainable;
  /** What checkpoints hold, such as a reference that moves; default: what the optimizer changes. */
  readonly variables?: Variables;
  readonly config: Pick<TrainerConfig, "earlyStop">;
  /** Steps of the whole run. */
  readonly maxSteps: number;
  readonly train: (hooks: TrainHooks, resumed: Resumed | undefined) => Promise<TrainOutcome>;
  /** Numbers of held-out data. */
  readonly evaluate?: (() => Promise<Readonly<Record<string, number>>>) | undefined;
  readonly sampling?: { readonly every: number; readonly sampler: Sampler } | undefined;
  readonly json: boolean;
  readonly io: Io;
}

/**
 * Trains to the end and writes the trained model, or goes on with a run and does so.
 * @throws InterruptedError once a checkpoint is saved, when the user interrupts
 * @throws NonFiniteError naming the last good checkpoint
 */
export async function runTraining(parts: TrainingParts): Promise<void> {
  const { run, trainable, config, maxSteps, io } = parts;
  const progress = trainingProgress(io, process.stderr.isTTY === true);
  const stop = earlyStop(config.earlyStop);
  const resumed = await run.restore(parts.variables ?? trainable.policy.variables);
  if (resumed) progress.say(`going on after step ${resumed.step} of ${maxSteps}`);
  const stopped = run.pastMetrics.map(stop).at(-1) ?? false;
  if (!stopped) {
    const hooks = trainingHooks(parts, progress, stop);
    const { finished, step, checkpoint } = await parts.train(hooks, resumed ?? undefined);
    if (!finished) {
      throw new InterruptedError(
        `stopped after step ${step} of ${maxSteps}; ${join(run.path, checkpoint ?? "")} is saved. ` +
          "Run the same command with --resume to go on.",
      );
    }
  }
  await trainable.save(run.path);
  progress.say(`trained model: ${join(run.path, "model")}`);
}

function trainingHooks(
  parts: TrainingParts,
  progress: TrainingProgress,
  stop: (metrics: StepMetrics) => boolean,
): TrainHooks {
  const { run, trainable, evaluate, sampling, json, io, maxSteps } = parts;
  return {
    log: async (metrics) => {
      await run.log(metrics);
      if (json) io.out(`${toJson(metrics)}\n`);
      progress.step(metrics, maxSteps);
      const evaluation = Object.entries(metrics).filter(([name]) => SHOWN.test(name));
      const numbers = evaluation.map(([name, x]) => `${name} ${Number(x.toPrecision(5))}`);
      if (numbers.length > 0) progress.say(`step ${metrics.step}: ${numbers.join("  ")}`);
      if (!sampling || metrics.step % sampling.every !== 0) return;
      for (const sample of await sampling.sampler.at(metrics.step)) await run.logSample(sample);
    },
    save: (snapshot) => run.save(parts.variables ?? trainable.policy.variables, snapshot),
    ...(evaluate && { evaluate }),
    stop,
    signal: io.signal,
  };
}
