/**
 * What is drawn from results.json: figures as specification, SVG and PNG, and report.html. All of it
 * can be drawn again.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../../errors.ts";
import { FIGURES, figures } from "../figures/figures.ts";
import type { Spec } from "../figures/parts.ts";
import { PAGE } from "../figures/theme.ts";
import { anyObject, list, number, object, ShapeError, text } from "../json-shape.ts";
import type { StudyResults } from "../results.ts";
import { readResults } from "../results-file.ts";
import { analyse } from "../statistics/analysis.ts";
import type { StudyTimings } from "./facts.ts";
import { reportHtml } from "./report.ts";
import { SUMMARY, summaryTable } from "./summary.ts";

/** Name of the file with all numbers of a study. */
export const RESULTS = "results.json";

const TIMINGS = "times.json";

const SPEC = ".vl.json";
const SVG = ".svg";
const PNG = ".png";

const TIMINGS_SHAPE = object<StudyTimings>({
  machine: anyObject,
  stages: list(object<StudyTimings["stages"][number]>({ id: text, seconds: number })),
});

/** Draws figures and report of the results in a folder, see {@link drawResults}. */
export async function drawStudy(folder: string): Promise<string[]> {
  return await drawResults(await readResults(join(folder, RESULTS)), folder, folder);
}

/**
 * Draws figures and report; figures that these results do not have are removed.
 * @param source folder of the results, with the times of their `times.json` if it is there
 * @param folder where they go, made if need be
 * @returns names of the files written
 */
export async function drawResults(
  results: StudyResults,
  source: string,
  folder: string,
): Promise<string[]> {
  // Every stage of an experiment imports this file, and few draw.
  const { renderPng, renderSvg } = await import("../figures/render.ts");
  await mkdir(folder, { recursive: true });
  const analysis = analyse(results);
  const timings = await readTimings(join(source, TIMINGS));
  const written: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    await writeFile(join(folder, name), content);
    written.push(name);
  };
  const pictures: Record<string, string> = {};
  const specs = figures(results, analysis);
  for (const name of FIGURES) {
    const spec = specs[name];
    if (spec) {
      const svg = await renderSvg(spec);
      await write(`${name}${SPEC}`, specText(spec));
      await write(`${name}${SVG}`, svg);
      await write(`${name}${PNG}`, renderPng(svg));
      pictures[name] = await renderSvg(spec, PAGE);
    } else {
      const kinds = [SPEC, SVG, PNG].map((kind) => join(folder, `${name}${kind}`));
      for (const path of kinds) await rm(path, { force: true });
    }
  }
  await write(SUMMARY, summaryTable(results, analysis));
  await write("report.html", reportHtml({ results, analysis, pictures, timings }));
  return written;
}

/**
 * What in a folder is not what its results give: specifications and a summary that differ, are missing
 * or are of no figure, and pictures that are missing. What is in pictures is not compared: other
 * versions of a renderer may round otherwise.
 * @returns their file names
 */
export async function staleFiles(folder: string): Promise<string[]> {
  const results = await readResults(join(folder, RESULTS));
  const analysis = analyse(results);
  const specs = figures(results, analysis);
  const present = new Set(await readdir(folder));
  const expected = new Map<string, string>([
    ...Object.entries(specs).map(([name, spec]) => [`${name}${SPEC}`, specText(spec)] as const),
    [SUMMARY, summaryTable(results, analysis)],
  ]);
  const stale = Object.keys(specs)
    .flatMap((name) => [`${name}${SVG}`, `${name}${PNG}`])
    .filter((name) => !present.has(name));
  const own = [...present].filter((name) => name.endsWith(SPEC));
  for (const name of new Set([...expected.keys(), ...own])) {
    const found = present.has(name) ? await readFile(join(folder, name), "utf8") : null;
    if (found !== expected.get(name)) stale.push(name);
  }
  return stale.sort();
}

/** Folders below `root` that hold results of a study: `<experiment>/<preset>`. */
export async function studyFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  const isStudy = (path: string) => path.split(/[\\/]/).length === 3 && path.endsWith(RESULTS);
  return entries
    .filter(isStudy)
    .map((path) => join(root, path.slice(0, -RESULTS.length - 1)))
    .sort();
}

function specText(spec: Spec): string {
  return `${JSON.stringify(spec, null, 1)}\n`;
}

/** Null without the file. @throws CommandError for one that is damaged */
async function readTimings(path: string): Promise<StudyTimings | null> {
  const file = await readFile(path, "utf8").catch(() => null);
  if (file === null) return null;
  try {
    return TIMINGS_SHAPE(JSON.parse(file), "");
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof SyntaxError)) throw error;
    throw new CommandError(
      `${path}: ${error.message}. Remove it, and the report is drawn without times.`,
    );
  }
}
