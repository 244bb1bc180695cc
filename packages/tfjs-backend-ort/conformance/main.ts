/**
 * `npm run conformance -- [RUN...] [--filter REGEX] [--write]`: runs tfjs-core's suite, prints one
 * line per category, and what got worse. `--write` replaces the committed results of the given runs.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { losses, total } from "./expectation.ts";
import { readResults, writeResults } from "./results.ts";
import { runSuite } from "./run-suite.ts";
import { isRunName, RUNS, type RunName } from "./runs.ts";
import { CATEGORIES, CATEGORY_TITLES, type Summary, summarise } from "./summary.ts";

const { values, positionals } = parseArgs({
  options: { filter: { type: "string" }, write: { type: "boolean", default: false } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : Object.keys(RUNS);
const summaries: Partial<Record<RunName, Summary>> = {};
for (const name of names) {
  if (!isRunName(name)) {
    throw new Error(`conformance: expected runs of ${Object.keys(RUNS)}, got ${name}.`);
  }
  summaries[name] = await runOne(name);
}
if (values.write && !process.exitCode) writeResults({ ...readResults(), ...summaries });

async function runOne(name: RunName): Promise<Summary> {
  const { options, exclusions } = RUNS[name];
  const filter = values.filter === undefined ? {} : { filter: values.filter };
  const report = await runSuite({ ...options, ...filter });
  const { summary, problems } = summarise(report, values.filter === undefined ? exclusions : []);
  print(`${name}: ${total(summary)} specs in ${report.seconds.toFixed(1)} s`);
  for (const category of CATEGORIES) {
    print(`${String(summary.specs[category]).padStart(6)} ${CATEGORY_TITLES[category]}`);
  }
  for (const problem of problems) print(`  ${problem}`);
  const partial = values.write || values.filter !== undefined || report.failures.length > 0;
  const worse = partial ? [] : losses(readResults()[name], summary);
  for (const loss of worse) print(`  ${loss}`);
  if (problems.length + worse.length > 0) process.exitCode = 1;
  return summary;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
