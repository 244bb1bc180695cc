/** All stages of a study, several at a time in processes of their own, and what they give together. */
import { setMaxListeners } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, InterruptedError } from "../errors.ts";
import type { Io } from "../io.ts";
import { runChild } from "./child.ts";
import type { Stage } from "./experiment.ts";
import { takeLock } from "./lock.ts";
import { runPool } from "./pool.ts";
import { type SweepProgress, sweepProgress } from "./progress.ts";
import type { Study } from "./study.ts";
import { writeTimes } from "./times.ts";

/** How stages are built; no result depends on it. */
export interface SweepOptions {
  /** Processes at a time. */
  readonly jobs: number;
  readonly isTerminal: boolean;
  /** The command that goes on when it was interrupted. */
  readonly command: string;
}

/**
 * Builds what is not finished, then collects.
 * @throws InterruptedError naming the command that goes on
 * @throws CommandError when stages failed, once all others are finished, or for a second sweep
 */
export async function sweep(study: Study, options: SweepOptions, io: Io): Promise<void> {
  await mkdir(study.folder, { recursive: true });
  const lock = await takeLock(join(study.folder, "sweep.lock"), `a sweep in ${study.folder}`);
  try {
    await buildStages(study, study.plan.stages, options, io);
    await writeTimes(study);
    await study.plan.collect(study.folder, (id) => study.store.folder(id));
  } finally {
    await lock.release();
  }
}

/**
 * Builds those stages that are not finished, each in a process of its own.
 * @param stages with all that they need, but for what is finished
 * @throws as {@link sweep}
 */
export async function buildStages(
  study: Study,
  stages: readonly Stage[],
  { jobs, isTerminal, command }: SweepOptions,
  io: Io,
): Promise<void> {
  const missing: Stage[] = [];
  for (const stage of stages) {
    if (!(await study.store.isFinished(stage.id))) missing.push(stage);
  }
  if (missing.length === 0) return;
  // One listener of every process.
  setMaxListeners(0, io.signal);
  const progress = sweepProgress(io, { stages: missing, jobs, isTerminal });
  const tasks = missing.map((stage) => ({
    id: stage.id,
    after: stage.inputs,
    run: () => buildInChild(study, stage, progress, io.signal),
  }));
  const { failures, skipped } = await runPool(tasks, jobs, io.signal);
  progress.end();
  if (failures.size + skipped.length === 0) return;
  if (io.signal.aborted) {
    throw new InterruptedError(`stopped; what is finished is kept. Go on with: ${command}`);
  }
  const reasons = [...failures].map(([id, error]) => `${id}: ${messageOf(error)}`);
  const rest = skipped.length > 0 ? `\nnot built since they need them: ${skipped.join(", ")}` : "";
  throw new CommandError(
    `${failures.size} of ${missing.length} stages failed.\n${reasons.join("\n")}${rest}\n` +
      `What is finished is kept. Try again with: ${command}`,
  );
}

async function buildInChild(
  study: Study,
  { id }: Stage,
  progress: SweepProgress,
  signal: AbortSignal,
): Promise<void> {
  const begin = performance.now();
  progress.started(id);
  try {
    await runChild({ args: stageArguments(study, id), onEvent: progress.event, signal });
  } catch (error) {
    if (error instanceof InterruptedError) progress.stopped(id);
    else progress.failed(id, lastLineOf(messageOf(error)));
    throw error;
  }
  progress.finished(id, (performance.now() - begin) / 1000);
}

/** Arguments of `preflab` that build a stage of a study. */
function stageArguments(
  { options, preset, folder, store }: Study,
  stage: string,
): readonly string[] {
  const { experiment, seeds, data, backend } = options;
  return [
    ...["run", "--experiment", experiment, "--preset", preset, "--out", folder],
    ...["--stage", stage, "--key", store.key(stage), "--backend", backend, "--json"],
    ...(seeds === null ? [] : ["--seeds", String(seeds)]),
    ...(data === null ? [] : ["--data", data]),
  ];
}

/** Of a process that failed: what it said last. */
function lastLineOf(message: string): string {
  return message.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
