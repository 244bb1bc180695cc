/**
 * The folder of a training run: manifest.json (what was run), metrics.jsonl (one line per step) and
 * the same for TensorBoard, checkpoints/step-N. Whatever moment the process dies at, `checkpoints/latest` names a complete
 * checkpoint, from which the run goes on bit for bit. Models for others to load are not written
 * here but by ./model-folder.ts.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import { type JsonObject, parseJsonObject } from "../checkpoint/json.ts";
import type { Variables } from "../params.ts";
import type { Snapshot, StepMetrics } from "../train/loop.ts";
import { writeAtomically, writeTextAtomically } from "./atomic-file.ts";
import { fileHeader, scalarsRecord } from "./event-file.ts";
import { readSmallFile } from "./file-bytes.ts";
import { readCheckpoint, writeCheckpoint } from "./training-checkpoint.ts";

const MANIFEST = "manifest.json";
const METRICS = "metrics.jsonl";
const CHECKPOINTS = "checkpoints";
const LATEST = "latest";
const EVENTS = join("tensorboard", "events.out.tfevents.preflab");
const STEP_FOLDER = /^step-(\d+)$/;

/** What was run: plain JSON with the resolved config, and whatever else is worth knowing. */
export interface RunManifest {
  /** A run is resumed with this very config. */
  readonly config: unknown;
  readonly [key: string]: unknown;
}

/** Options of {@link openRun}. */
export interface RunOptions {
  /** Go on where the folder's run was; without a run there, start one. Default false. */
  readonly resume?: boolean;
  /** Checkpoints kept, at least 1; default 2. */
  readonly keep?: number;
  /** Seconds since 1970, which TensorBoard shows beside the step. Default: always 0. */
  readonly clock?: () => number;
}

/** A checkpoint to go on from. */
export interface Resumed extends Snapshot {
  /** Path below the run's folder, such as `checkpoints/step-10`. */
  readonly name: string;
  /** Positions of random streams by name. */
  readonly streams: Readonly<Record<string, number>>;
}

/**
 * Opens the folder of a run, for one process.
 * @throws CheckpointError when the folder holds a run that is not to be resumed, or one of another
 *   config
 */
export async function openRun(
  folder: string,
  manifest: RunManifest,
  { resume = false, keep = 2, clock = () => 0 }: RunOptions = {},
): Promise<RunFolder> {
  await mkdir(join(folder, CHECKPOINTS), { recursive: true });
  const path = join(folder, MANIFEST);
  const known = await readIfThere(path);
  if (known !== null && !resume) {
    throw new CheckpointError(
      `${folder}: expected a folder without a run, got one. Resume it, or choose another folder.`,
    );
  }
  if (known !== null) checkConfig(folder, parseJsonObject(known, MANIFEST)["config"], manifest);
  else await writeTextAtomically(path, `${JSON.stringify(manifest, null, 2)}\n`);
  const latest = await readLatest(folder);
  await removeBeyond(folder, latest);
  const kept = await truncateMetrics(join(folder, METRICS), latest);
  await mkdir(join(folder, dirname(EVENTS)), { recursive: true });
  await writeAtomically(join(folder, EVENTS), async (append) => {
    await append(fileHeader(clock()));
    for (const row of kept) await append(eventOf(row, clock()));
  });
  const files = {
    metrics: await open(join(folder, METRICS), "a"),
    events: await open(join(folder, EVENTS), "a"),
  };
  return new RunFolder(folder, files, latest, keep, clock);
}

/** What a run appends to. */
interface RunFiles {
  readonly metrics: FileHandle;
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

  /** Appends a line of metrics. Numbers that JSON has not are strings, such as "NaN". */
  async log(metrics: StepMetrics): Promise<void> {
    const line = JSON.stringify(metrics, (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
    );
    await this.#files.metrics.appendFile(`${line}\n`);
    await this.#files.events.appendFile(eventOf({ ...metrics }, this.#clock()));
  }

  /**
   * Writes a checkpoint, makes it the latest and removes the oldest ones.
   * @param streams positions of random streams that are not functions of the step
   * @returns its path below the run's folder
   */
  async save(
    variables: Variables,
    snapshot: Snapshot,
    streams: Readonly<Record<string, number>> = {},
  ): Promise<string> {
    const { step } = snapshot;
    const name = `step-${step}`;
    if (this.#latest === step) return `${CHECKPOINTS}/${name}`;
    const parent = join(this.path, CHECKPOINTS);
    const partial = join(parent, `.${name}.partial`);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await writeCheckpoint(partial, variables, snapshot, streams);
    await rename(partial, join(parent, name));
    // Metrics up to a checkpoint are there when it is.
    await this.#files.metrics.sync();
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

/** Drops lines of steps after `latest`, and a line that was not finished. @returns those kept */
async function truncateMetrics(path: string, latest: number | null): Promise<JsonObject[]> {
  const bytes = await readIfThere(path);
  if (bytes === null) return [];
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  const rows = lines.map((line) => ({
    line,
    row: parseJsonObject(new TextEncoder().encode(line), METRICS),
  }));
  const kept = rows.filter(({ row: { step } }) => {
    return latest !== null && typeof step === "number" && step <= latest;
  });
  await writeTextAtomically(path, kept.map(({ line }) => `${line}\n`).join(""));
  return kept.map(({ row }) => row);
}

/** A line of metrics as TensorBoard has it. */
function eventOf({ step, ...metrics }: JsonObject, wallTime: number): Uint8Array {
  const scalars = Object.entries(metrics).map(([name, value]) => [name, Number(value)] as const);
  return scalarsRecord(wallTime, Number(step), Object.fromEntries(scalars));
}

function checkConfig(folder: string, known: unknown, { config }: RunManifest): void {
  const flat = (value: unknown) => new Map(leaves("", JSON.parse(JSON.stringify(value))));
  const [before, now] = [flat(known ?? null), flat(config)];
  const changed = [...new Set([...before.keys(), ...now.keys()])]
    .filter((key) => before.get(key) !== now.get(key))
    .map((key) => `${key} = ${now.get(key) ?? "none"} instead of ${before.get(key) ?? "none"}`);
  if (changed.length === 0) return;
  throw new CheckpointError(
    `${folder}: expected the config that the run was started with, got ${changed.join(", ")}. ` +
      "Resume with the same settings, or start a run in another folder.",
  );
}

/** Paths and JSON of all values that are not objects or lists, and of empty ones. */
function leaves(path: string, value: unknown): [string, string][] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return [[path || "config", JSON.stringify(value)]];
  return entries.flatMap(([key, child]) => leaves(path ? `${path}.${key}` : key, child));
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  return readSmallFile(path).catch((error: unknown) => {
    if (error instanceof CheckpointError && isAbsent(error.cause)) return null;
    throw error;
  });
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
