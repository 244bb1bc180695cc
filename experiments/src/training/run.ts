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
  type TrainerConfig,
  type TrainHooks,
  type TrainOutcome,
  type Variables,
} from "@preflab/lm";
import { InterruptedError } from "../errors.ts";
import type { Io } from "../io.ts";
import { toJson } from "../output.ts";
import { type BestParameters, bestParameters, type KeepBest } from "./best-parameters.ts";
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
  "normalize",
  ...["gold", "health", "reward.module"],
  ...[
    "timeoutMs",
    "url",
    "headers",
    "batchSize",
    "requestTimeoutMs",
    "retries",
    "retryDelayMs",
  ].map((key) => `reward.${key}`),
  ...["lr", "schedule", "warmupSteps", "weightDecay", "maxGradNorm"].map(
    (key) => `optimizer.${key}`,
  ),
];

/** Numbers of an evaluation that are printed: all but the bars of histograms. */
const SHOWN = /^eval\/(?!.*\/\d)/;

/** Folder of a run. */
export function runPath({ out, config }: Pick<TrainingFlags, "out" | "config">): string {
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

type CheckedSettings = Pick<TrainerConfig, "maxLength" | "evalEvery"> &
  Partial<Pick<TrainerConfig, "earlyStop">>;

/**
 * Checks settings that only together, or with a model, make no sense.
 * @throws ConfigError
 */
export function checkTrainerSettings(
  { maxLength, earlyStop: early, evalEvery }: CheckedSettings,
  { eval: held }: Pick<DataSettings, "eval">,
  { position, maxPositions }: ModelConfig,
): void {
  if (position.kind === "learned" && maxLength > maxPositions) {
    throw new ConfigError(
      `expected maxLength up to the model's ${maxPositions} positions, got ${maxLength}.`,
      ["maxLength"],
    );
  }
  const needsData = { evalEvery: evalEvery > 0, earlyStop: (early?.patience ?? 0) > 0 };
  for (const [key, isSet] of Object.entries(needsData)) {
    if (!isSet || held !== null) continue;
    throw new ConfigError(`expected data.eval, which ${key} needs, got none.`, [key]);
  }
}

/** What a run tells and asks any trainer. */
interface RunHooks extends TrainHooks {
  /** Shows a warning. */
  readonly warn: (message: string) => void;
}

/** What a trainer brings along. */
export interface TrainingParts {
  readonly run: RunFolder;
  readonly trainable: Trainable;
  /** What checkpoints hold, such as a reference that moves; default: what the optimizer changes. */
  readonly variables?: Variables;
  /** Without `earlyStop`, training never ends early. */
  readonly config: Partial<Pick<TrainerConfig, "earlyStop">>;
  /** Steps of the whole run. */
  readonly maxSteps: number;
  readonly train: (hooks: RunHooks, resumed: Resumed | undefined) => Promise<TrainOutcome>;
  /** Numbers of held-out data. */
  readonly evaluate?: TrainHooks["evaluate"];
  /** Ends with the parameters of the best evaluation instead of those of the last step. */
  readonly keepBest?: KeepBest | undefined;
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
  const { run, trainable, keepBest } = parts;
  const own = trainable.policy.variables;
  const progress = trainingProgress(parts.io, process.stderr.isTTY === true);
  const best = keepBest ? bestParameters(own, keepBest, run.pastMetrics) : null;
  const variables = { ...(parts.variables ?? own), ...best?.variables };
  try {
    await trainToEnd(parts, { progress, variables, best });
    const step = best?.use() ?? null;
    if (step !== null) {
      progress.say(`the parameters of step ${step} are kept, the best by ${keepBest?.[0][0]}`);
    }
    await trainable.save(run.path);
    progress.say(`trained model: ${join(run.path, "model")}`);
  } finally {
    best?.dispose();
  }
}

/** A training under way. */
interface Underway {
  readonly progress: TrainingProgress;
  /** What checkpoints hold. */
  readonly variables: Variables;
  readonly best: BestParameters | null;
}

/** Trains from where the run is. @throws as {@link runTraining} */
async function trainToEnd(parts: TrainingParts, underway: Underway): Promise<void> {
  const { run, config, maxSteps } = parts;
  const { progress, variables } = underway;
  const stop = config.earlyStop ? earlyStop(config.earlyStop) : () => false;
  const resumed = await run.restore(variables);
  if (resumed) progress.say(`going on after step ${resumed.step} of ${maxSteps}`);
  if (run.pastMetrics.map(stop).at(-1) ?? false) return;
  let latest = resumed?.name ?? null;
  const save: RunAnswers["save"] = async (snapshot) => {
    latest = await run.save(variables, snapshot);
    return latest;
  };
  const hooks = trainingHooks(parts, underway, { stop, save });
  const outcome = parts.train(hooks, resumed ?? undefined).catch((error: unknown) => {
    progress.say(afterFailure(latest && join(run.path, latest)));
    throw error;
  });
  const { finished, step, checkpoint } = await outcome;
  if (finished) return;
  throw new InterruptedError(
    `stopped after step ${step} of ${maxSteps}; ${join(run.path, checkpoint ?? "")} is saved. ` +
      "Run the same command with --resume to go on.",
  );
}

/** What can be done about a run that failed. */
function afterFailure(checkpoint: string | null): string {
  if (checkpoint === null) return "no checkpoint was saved; with --resume the run begins anew";
  return `the last checkpoint is ${checkpoint}; --resume goes on from it`;
}

/** What a run answers a trainer after a step. */
type RunAnswers = Required<Pick<TrainHooks, "stop" | "save">>;

function trainingHooks(
  { run, evaluate, sampling, json, io, maxSteps }: TrainingParts,
  { progress, best }: Underway,
  answers: RunAnswers,
): RunHooks {
  return {
    log: async (metrics) => {
      await run.log(metrics);
      best?.note(metrics);
      if (json) io.out(`${toJson(metrics)}\n`);
      progress.step(metrics, maxSteps);
      const evaluation = Object.entries(metrics).filter(([name]) => SHOWN.test(name));
      const numbers = evaluation.map(([name, x]) => `${name} ${Number(x.toPrecision(5))}`);
      if (numbers.length > 0) progress.say(`step ${metrics.step}: ${numbers.join("  ")}`);
      if (!sampling || metrics.step % sampling.every !== 0) return;
      for (const sample of await sampling.sampler.at(metrics.step)) await run.logSample(sample);
    },
    ...answers,
    ...(evaluate && { evaluate }),
    warn: (message) => progress.say(`warning: ${message}`),
    signal: io.signal,
  };
}
