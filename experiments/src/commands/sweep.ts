/** `preflab sweep`: all runs of an experiment, figures and report. The work is in ../study. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions } from "../backend.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { addStudyOptions, type StudyFlags, studyOptions } from "../study/flags.ts";

const HELP = `
Builds everything that is not finished, several processes at a time, then writes results.json,
figures and report.html. Interrupt it and run it again: it goes on where it was. No result depends on
--jobs: every stage has a fixed number of threads.

Examples:
  $ preflab sweep --experiment sentiment
  $ preflab sweep --experiment sentiment --preset smoke
  $ preflab sweep --experiment sentiment --preset imdb-small --data path/to/imdb --seeds 3
`;

interface SweepFlags extends StudyFlags, BackendOptions {
  readonly jobs: number;
}

/** Adds `sweep`. */
export function addSweepCommand(parent: Command, io: Io): void {
  const command = parent.command("sweep").description("all runs of an experiment, with a report");
  addBackendOptions(addStudyOptions(command), "ort")
    .option("--jobs <n>", "processes at a time", integerFrom(1, 256), availableParallelism())
    .addHelpText("after", HELP)
    .action(async (flags: SweepFlags) => {
      const { openStudy } = await import("../study/study.ts");
      const { sweep } = await import("../study/sweep.ts");
      const study = await openStudy(studyOptions(flags));
      const { jobs } = flags;
      const { experiment, preset, seeds, data, out } = { ...flags, preset: study.preset };
      const given = { experiment, preset, seeds, data, out };
      const words = Object.entries(given).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name} ${value}`],
      );
      const command = `npx preflab sweep ${words.join(" ")}`;
      await sweep(study, { jobs, isTerminal: process.stderr.isTTY === true, command }, io);
      io.out(`${study.folder}\n`);
    });
}
