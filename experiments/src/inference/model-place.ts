/**
 * Models by what people call them: besides folders and names on the Hub, runs of studies, as
 * `preflab run --list` shows them. Only finished ones; nothing is built.
 */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { CommandError } from "../errors.ts";
import { RUNS_FOLDER } from "../study/study-folder.ts";

const MODEL = "model";
/** In the folder of a model, and of a stage that is finished. */
const CONFIG = "config.json";
const MARK = "stage.json";

/** `run/ID` of any study, or any stage of one: `EXPERIMENT/PRESET/STAGE`. */
const NAME = /^(?:(?<study>[\w-]+\/[\w-]+)\/)?(?<stage>(?:run\/)?[\w.=-]+)$/;

/**
 * The folder of a model that a run, or another stage, has left; other names are given back as they are.
 * @param name a run's folder, its id such as `run/dpo-beta0.1-seed0`, or the id behind a study's name
 *   such as `dialogue/quick/preferred-ft`; of several versions the one that was finished last
 * @throws CommandError where studies have no such run, several have one, or it has no model
 */
export async function modelPlace(name: string, root: string = RUNS_FOLDER): Promise<string> {
  if (existsSync(name)) {
    const inside = join(name, MODEL);
    return !existsSync(join(name, CONFIG)) && existsSync(join(inside, CONFIG)) ? inside : name;
  }
  const { study, stage } = NAME.exec(name)?.groups ?? {};
  if (stage === undefined) return name;
  const isNamed = study !== undefined && existsSync(join(root, study));
  if (!isNamed && !(study === undefined && stage.startsWith("run/"))) return name;
  const found = await finished(root, study, stage);
  const folder = newestOfOne(found, name, root);
  if (existsSync(join(folder, MODEL, CONFIG))) return join(folder, MODEL);
  throw new CommandError(
    `${name}: expected a run with a model, got one that measures the model of another stage. Name ` +
      "that stage, such as dialogue/quick/preferred-ft.",
  );
}

/** A finished stage, and when it was. */
interface Found {
  readonly folder: string;
  readonly time: number;
}

async function finished(root: string, study: string | undefined, stage: string): Promise<Found[]> {
  const studies = study === undefined ? await studiesIn(root) : [join(root, study)];
  // Folders have the key behind the id.
  const isIt = new RegExp(`^${stage.replaceAll("/", "_").replace(/[.]/g, "\\.")}-[0-9a-f]{12}$`);
  const found: Found[] = [];
  for (const folder of studies.map((path) => join(path, "stages"))) {
    for (const entry of await readdir(folder).catch(() => [])) {
      const path = join(folder, entry);
      const mark = isIt.test(entry) ? await stat(join(path, MARK)).catch(() => null) : null;
      if (mark) found.push({ folder: path, time: mark.mtimeMs });
    }
  }
  return found.sort((a, b) => b.time - a.time);
}

async function studiesIn(root: string): Promise<string[]> {
  const experiments = await readdir(root).catch(() => []);
  const presets = experiments.map(async (name) =>
    (await readdir(join(root, name)).catch(() => [])).map((preset) => join(root, name, preset)),
  );
  return (await Promise.all(presets)).flat();
}

/** @param found the newest first */
function newestOfOne([newest, ...others]: readonly Found[], name: string, root: string): string {
  if (newest === undefined) {
    throw new CommandError(
      `${name}: expected a finished run of a study in ${root}, got none of that name. preflab run ` +
        "--list shows runs; other folders can be named as they are.",
    );
  }
  const studyOf = ({ folder }: Found) => relative(root, dirname(dirname(folder)));
  const studies = [...new Set([newest, ...others].map(studyOf))];
  if (studies.length === 1) return newest.folder;
  throw new CommandError(
    `${name}: expected a run of one study, got one in each of ${studies.join(", ")}. Put one of ` +
      `these before it: ${studies[0]}/${name}.`,
  );
}
