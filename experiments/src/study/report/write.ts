/**
 * What lies beside results.json: figures as specification and SVG, and report.html. All of it can be
 * made from results.json again.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { figures } from "../figures/figures.ts";
import type { Spec } from "../figures/parts.ts";
import { renderSvg } from "../figures/render.ts";
import { PAGE } from "../figures/theme.ts";
import { readResults } from "../results-file.ts";
import { analyse } from "../statistics/analysis.ts";
import type { StudyTimings } from "./facts.ts";
import { reportHtml } from "./report.ts";

const RESULTS = "results.json";
const TIMINGS = "times.json";
const SPEC = ".vl.json";

/**
 * Draws figures and report of the results in a folder, with the times of `times.json` if it is there.
 * @returns names of the files written
 */
export async function drawStudy(folder: string): Promise<string[]> {
  const results = await readResults(join(folder, RESULTS));
  const analysis = analyse(results);
  const written: string[] = [];
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    written.push(name);
  };
  const pictures: Record<string, string> = {};
  for (const [name, spec] of Object.entries(figures(results, analysis))) {
    await write(`${name}${SPEC}`, specText(spec));
    await write(`${name}.svg`, await renderSvg(spec));
    pictures[name] = await renderSvg(spec, PAGE);
  }
  const timings = await readTimings(folder);
  await write("report.html", reportHtml({ results, analysis, pictures, timings }));
  return written;
}

/**
 * Specifications in a folder that its results do not give: changed, missing, or of no figure.
 * @returns their file names
 */
export async function staleFigures(folder: string): Promise<string[]> {
  const specs = figures(await readResults(join(folder, RESULTS)));
  const expected = new Map(
    Object.entries(specs).map(([name, spec]) => [`${name}${SPEC}`, specText(spec)]),
  );
  const present = (await readdir(folder)).filter((name) => name.endsWith(SPEC));
  const stale: string[] = [];
  for (const name of new Set([...expected.keys(), ...present])) {
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text !== expected.get(name)) stale.push(name);
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

async function readTimings(folder: string): Promise<StudyTimings | null> {
  const text = await readFile(join(folder, TIMINGS), "utf8").catch(() => null);
  // Written by the sweep beside results.json, and shown only.
  return text === null ? null : (JSON.parse(text) as StudyTimings);
}
