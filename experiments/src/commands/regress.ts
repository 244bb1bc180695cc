/** `preflab regress`: a small fresh sweep against what is expected. The work is in ../study. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { alignedRows } from "../output.ts";
import { addStudyOptions, commandLine, type StudyFlags, studyOptions } from "../study/flags.ts";
import { EXPERIMENTS, type Registry } from "../study/registry.ts";
import type { Moved } from "../study/regress.ts";
import type { StudyResults } from "../study/results.ts";

/** What is small enough to be run with every change. */
const PRESET = "smoke";

const HELP = `
Sweeps into a temporary folder and compares the final numbers of every run with the file of
expectations, each within its interval: 4 standard deviations of a new value on either side, from the
spread over 5 seeds and the sampling error of an evaluation. Says which numbers moved, and exits with 1
if any did. With --update it sweeps 5 seeds instead and writes the file: look at its change before you
commit it.

Examples:
  $ preflab regress --experiment sentiment
  $ preflab regress --experiment sentiment --update
`;

interface RegressFlags extends StudyFlags {
  readonly expectation?: string;
  readonly update?: boolean;
  readonly jobs?: number;
}

/** Adds `regress`. @param registry experiments that there are */
export function addRegressCommand(parent: Command, io: Io, registry: Registry = EXPERIMENTS): void {
  const command = parent
    .command("regress")
    .description("a small run against the committed expectation");
  addStudyOptions(command, {
    preset: PRESET,
    seeds: "1; 5 with --update",
    out: "a temporary folder",
  })
    .option("--expectation <file>", "default: reports/<experiment>/<preset>/expectation.json")
    .option("--update", "write the expectation from a fresh sweep of 5 seeds")
    .option("--jobs <n>", "processes at a time (default: one per core)", integerFrom(1, 256))
    .addHelpText("after", HELP)
    .action((flags: RegressFlags) => regress({ preset: PRESET, ...flags }, io, registry));
}

async function regress(
  flags: RegressFlags & { readonly preset: string },
  io: Io,
  registry: Registry,
): Promise<void> {
  const { EXPECTATION_SEEDS, expectationOf, movedNumbers, readExpectation, writeExpectation } =
    await import("../study/regress.ts");
  const { experiment, preset, update = false, backend } = flags;
  const path = flags.expectation ?? defaultPath(experiment, preset);
  const { out: _, ...same } = flags;
  const renew = commandLine("regress", same, ...fileWords(flags), "--update");
  const expectation = update ? null : await readExpectation(path, renew);
  const seeds = flags.seeds ?? (update ? EXPECTATION_SEEDS : 1);
  const folder = flags.out ?? (await mkdtemp(join(tmpdir(), "preflab-regress-")));
  const results = await freshResults({ ...flags, seeds, out: folder }, io, registry);
  if (!expectation) {
    await mkdir(dirname(path), { recursive: true });
    const made = expectationOf(results, backend);
    await writeExpectation(path, made);
    io.out(`${made.numbers.length} numbers of ${seeds} seeds written to ${path}\n`);
  } else {
    const moved = movedNumbers(results, expectation);
    if (moved.length > 0) {
      io.out(table(moved));
      throw new CommandError(
        `${moved.length} numbers moved, of ${expectation.numbers.length} in ${path}. The results are ` +
          `in ${folder}. If they are meant to have moved: ${renew}`,
      );
    }
    io.out(`${expectation.numbers.length} numbers are within their intervals\n`);
  }
  if (flags.out === undefined) await rm(folder, { recursive: true });
}

function fileWords({ expectation }: RegressFlags): readonly string[] {
  return expectation === undefined ? [] : ["--expectation", expectation];
}

/** Sweeps into `out`. */
async function freshResults(
  flags: RegressFlags & { readonly out: string },
  io: Io,
  registry: Registry,
): Promise<StudyResults> {
  const { openStudy } = await import("../study/study.ts");
  const { sweep } = await import("../study/sweep.ts");
  const { readResults } = await import("../study/results-file.ts");
  const study = await openStudy(studyOptions(flags), registry);
  const options = {
    jobs: flags.jobs ?? availableParallelism(),
    isTerminal: process.stderr.isTTY === true,
    command: commandLine(
      "regress",
      flags,
      ...fileWords(flags),
      ...(flags.update ? ["--update"] : []),
    ),
  };
  await sweep(study, options, io);
  return readResults(join(flags.out, "results.json"));
}

function defaultPath(experiment: string, preset: string): string {
  const reports = fileURLToPath(new URL("../../../reports", import.meta.url));
  return join(reports, experiment, preset, "expectation.json");
}

/** What moved: of what, which metric, its value, and its interval. */
function table(moved: readonly Moved[]): string {
  const short = (value: number) => String(Number(value.toPrecision(4)));
  const rows = moved.map(({ of, metric, value, expected }) => [
    ...[of, metric, value === null ? "missing" : short(value)],
    expected
      ? `expected ${short(expected.mean - expected.margin)} to ${short(expected.mean + expected.margin)}`
      : "not expected",
  ]);
  return alignedRows(rows);
}
