/**
 * The folder of a training run: manifest.json (what was run), metrics.jsonl (one line per step) and
 * the same for TensorBoard, samples.jsonl, checkpoints/step-N. Whatever moment the process dies at,
 * `checkpoints/latest` names a complete checkpoint, from which the run goes on bit for bit. Models
 * for others to load are not written here but by ./model-folder.ts.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import type { JsonObject } from "../checkpoint/json.ts";
import type { Variables } from "../params.ts";
import type { Snapshot, StepMetrics } from "../train/loop.ts";
import { writeAtomically, writeTextAtomically } from "./atomic-file.ts";
import { fileHeader, scalarsRecord } from "./event-file.ts";
import { readIfThere } from "./file-bytes.ts";
import { type ManifestOptions, openManifest, type RunManifest } from "./run-manifest.ts";
import { openStepLog, type StepLog } from "./step-log.ts";
import { readCheckpoint, writeCheckpoint } from "./training-checkpoint.ts";

const METRICS = "metrics.jsonl";
const SAMPLES = "samples.jsonl";
const CHECKPOINTS = "checkpoints";
const LATEST = "latest";
const EVENTS = join("tensorboard", "events.out.tfevents.preflab");
const STEP_FOLDER = /^step-(\d+)$/;

/** Options of {@link openRun}. */
export interface RunOptions extends ManifestOptions {
  /** Checkpoints kept, at least 1; default 2. */
  readonly keep?: number;
  /** Seconds since 1970, which TensorBoard shows beside the step. Default: always 0. */
  readonly clock?: () => number;
}

/** A checkpoint to go on from. */
export interface Resumed extends Snapshot {
  /** Path below the run's folder, such as `checkpoints/step-10`. */
  readonly name: string;
}

/**
 * Opens the folder of a run, for one process.
 * @throws CheckpointError when the folder holds a run that is not to be resumed, or one of another
 *   config
 */
export async function openRun(
  folder: string,
  manifest: RunManifest,
  options: RunOptions = {},
): Promise<RunFolder> {
  const { keep = 2, clock = () => 0 } = options;
  await mkdir(join(folder, CHECKPOINTS), { recursive: true });
  const latest = await readLatest(folder);
  await openManifest(folder, manifest, latest ?? 0, options);
  await removeBeyond(folder, latest);
  const metrics = await openStepLog(join(folder, METRICS), latest);
  await mkdir(join(folder, dirname(EVENTS)), { recursive: true });
  await writeAtomically(join(folder, EVENTS), async (append) => {
    await append(fileHeader(clock()));
    for (const row of metrics.past) await append(eventOf(row, clock()));
  });
  const files = {
    metrics,
    samples: await openStepLog(join(folder, SAMPLES), latest),
    events: await open(join(folder, EVENTS), "a"),
  };
  return new RunFolder(folder, files, latest, keep, clock);
}

/** What a run appends to. */
interface RunFiles {
  readonly metrics: StepLog;
  readonly samples: StepLog;
  readonly events: FileHandle;
}

/** An open run. */
export class RunFolder {
  readonly path: string;
  readonly #files: RunFiles;
  readonly #keep: number;
  readonly #clock: () => number;
  #latest: number | null;

  /** Use {@link openRun}. */
  constructor(
    path: string,
    files: RunFiles,
    latest: number | null,
    keep: number,
    clock: () => number,
  ) {
    this.path = path;
    this.#files = files;
    this.#latest = latest;
    this.#keep = Math.max(1, keep);
    this.#clock = clock;
  }

  /** Metrics of the steps up to the checkpoint that the run goes on from. */
  get pastMetrics(): readonly JsonObject[] {
    return this.#files.metrics.past;
  }

  /** Appends a line of metrics. Numbers that JSON has not are strings, such as "NaN". */
  async log(metrics: StepMetrics): Promise<void> {
    await this.#files.metrics.append(metrics);
    await this.#files.events.appendFile(eventOf({ ...metrics }, this.#clock()));
  }

  /** Appends a line to samples.jsonl, of what the model wrote after a step. */
  async logSample(sample: { readonly step: number } & JsonObject): Promise<void> {
    await this.#files.samples.append(sample);
  }

  /**
   * Writes a checkpoint, makes it the latest and removes the oldest ones.
   * @returns its path below the run's folder
   */
  async save(variables: Variables, snapshot: Snapshot): Promise<string> {
    const { step } = snapshot;
    const name = `step-${step}`;
    if (this.#latest === step) return `${CHECKPOINTS}/${name}`;
    const parent = join(this.path, CHECKPOINTS);
    const partial = join(parent, `.${name}.partial`);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await writeCheckpoint(partial, variables, snapshot);
    await rename(partial, join(parent, name));
    // Lines of steps up to a checkpoint are there when it is.
    await this.#files.metrics.sync();
    await this.#files.samples.sync();
    await writeTextAtomically(join(parent, LATEST), `${name}\n`);
    this.#latest = step;
    const steps = (await stepsIn(parent)).sort((a, b) => b - a);
    for (const old of steps.slice(this.#keep)) await removeFolder(parent, old);
    return `${CHECKPOINTS}/${name}`;
  }

  /**
   * Gives `variables` the values of the latest checkpoint.
   * @returns the rest of it; null when there is none
   * @throws CheckpointError when it is damaged, or of another model: variables are then unchanged
   */
  async restore(variables: Variables): Promise<Resumed | null> {
    if (this.#latest === null) return null;
    const name = `${CHECKPOINTS}/step-${this.#latest}`;
    const checkpoint = await readCheckpoint(join(this.path, name), variables);
    return { ...checkpoint, name };
  }

  /** Closes the files that are appended to. */
  async close(): Promise<void> {
    await this.#files.metrics.close();
    await this.#files.samples.close();
    await this.#files.events.close();
  }
}

/** Step of the latest checkpoint. */
async function readLatest(folder: string): Promise<number | null> {
  const path = join(folder, CHECKPOINTS, LATEST);
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  const name = new TextDecoder().decode(bytes).trim();
  const step = STEP_FOLDER.exec(name)?.[1];
  if (step !== undefined) return Number(step);
  throw new CheckpointError(
    `${path}: expected the name of a checkpoint, such as step-10, got ${JSON.stringify(name)}. ` +
      "Write the name of the checkpoint to go on from into it.",
  );
}

/** Removes what a process left that died while saving. */
async function removeBeyond(folder: string, latest: number | null): Promise<void> {
  const parent = join(folder, CHECKPOINTS);
  for (const step of await stepsIn(parent)) {
    if (latest === null || step > latest) await removeFolder(parent, step);
  }
  for (const entry of await readdir(parent)) {
    if (entry.endsWith(".partial")) await rm(join(parent, entry), { recursive: true, force: true });
  }
}

/** Renamed first, so that what bears a checkpoint's name is complete. */
async function removeFolder(parent: string, step: number): Promise<void> {
  const doomed = join(parent, `.step-${step}.removed.partial`);
  await rename(join(parent, `step-${step}`), doomed);
  await rm(doomed, { recursive: true });
}

async function stepsIn(parent: string): Promise<number[]> {
  const entries = await readdir(parent);
  return entries.flatMap((entry) => {
    const step = STEP_FOLDER.exec(entry)?.[1];
    return step === undefined ? [] : [Number(step)];
  });
}

/** A line of metrics as TensorBoard has it. */
function eventOf({ step, ...metrics }: JsonObject, wallTime: number): Uint8Array {
  const scalars = Object.entries(metrics).map(([name, value]) => [name, Number(value)] as const);
  return scalarsRecord(wallTime, Number(step), Object.fromEntries(scalars));
}
