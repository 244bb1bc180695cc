/** Which results.json a report is drawn from, and where its figures go. */
import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError, UsageError } from "../../errors.ts";
import { commandLine } from "../flags.ts";
import { experimentNamed, type Registry } from "../registry.ts";
import type { StudyResults } from "../results.ts";
import { presetNamed } from "../study.ts";
import { studyFolder } from "../study-folder.ts";
import { RESULTS } from "./write.ts";

/** What a user says of them. */
export interface ResultsQuery {
  /** A folder or a file. */
  readonly named?: string | undefined;
  readonly experiment?: string;
  readonly preset?: string;
  readonly out?: string;
}

/** Results and the folder for their figures, which need not be there. */
export interface FoundResults {
  readonly file: string;
  readonly folder: string;
}

/**
 * Results that are there.
 * @throws UsageError without any name, or for names that no experiment or preset has
 * @throws CommandError for results that are not there, with the command that makes them
 */
export async function findResults(query: ResultsQuery, registry: Registry): Promise<FoundResults> {
  const { named, experiment, out } = query;
  if (named !== undefined) return await ofPath(named, out);
  if (experiment === undefined) {
    throw new UsageError("expected --experiment, or a folder with results.json.");
  }
  const study = await ofStudy(experiment, query, registry);
  const places = out === undefined ? [study.folder] : [out, study.folder];
  for (const place of places) {
    const file = join(place, RESULTS);
    if (await isThere(file)) return { file, folder: out ?? place };
  }
  throw missing(places.map((place) => join(place, RESULTS)).join(" or "), study.sweep);
}

/**
 * Refuses results of another study than the one asked for.
 * @param file where they were read, for the message
 * @throws CommandError
 */
export function checkStudy(
  { experiment, preset }: StudyResults,
  file: string,
  query: ResultsQuery,
): void {
  const isOther =
    experiment !== (query.experiment ?? experiment) || preset !== (query.preset ?? preset);
  if (!isOther) return;
  const asked = `${query.experiment ?? experiment}, preset ${query.preset ?? preset}`;
  throw new CommandError(
    `${file}: expected results of ${asked}, got ${experiment}, preset ${preset}.`,
  );
}

async function ofPath(path: string, out: string | undefined): Promise<FoundResults> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? !path.endsWith(".json");
  const file = isFolder ? join(path, RESULTS) : path;
  if (!(await isThere(file))) {
    throw missing(file, commandLine("sweep", { experiment: "NAME", out: dirname(file) }));
  }
  const folder = out ?? dirname(file);
  const other = join(folder, RESULTS);
  if ((await isThere(other)) && (await realpath(other)) !== (await realpath(file))) {
    throw new UsageError(`--out: expected a folder without results of its own, got ${folder}.`);
  }
  return { file, folder };
}

/** Where a sweep puts its results, and the sweep. */
async function ofStudy(
  name: string,
  { preset: given, out }: ResultsQuery,
  registry: Registry,
): Promise<{ readonly folder: string; readonly sweep: string }> {
  const experiment = await experimentNamed(name, registry);
  const preset = given ?? experiment.defaultPreset;
  const { needsData } = presetNamed(experiment, preset);
  const flags = {
    experiment: name,
    ...(given !== undefined && { preset }),
    ...(needsData && { data: "path/to/data" }),
    ...(out !== undefined && { out }),
  };
  return { folder: studyFolder(name, preset), sweep: commandLine("sweep", flags) };
}

function missing(file: string, command: string): CommandError {
  return new CommandError(
    `expected results in ${file}, which is not there. A sweep writes them at its end: ${command}`,
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}
