/** The options that name a study. */
import type { Command } from "commander";
import type { BackendOptions } from "../backend.ts";
import { integerFrom } from "../options.ts";
import type { StudyOptions } from "./study.ts";

/** Values of the options. */
export interface StudyFlags {
  readonly experiment: string;
  readonly preset?: string;
  readonly seeds?: number;
  readonly data?: string;
  readonly out?: string;
}

/** Adds them. */
export function addStudyOptions(command: Command): Command {
  return command
    .requiredOption("--experiment <name>", "sentiment or dialogue")
    .option("--preset <name>", "size and data; see preflab sweep --help (default: quick)")
    .option("--seeds <n>", "seeds of every method (default: the preset's)", integerFrom(1, 1000))
    .option("--data <folder>", "folder of real data, for presets that need it")
    .option("--out <folder>", "where results go (default: runs/<experiment>/<preset>)");
}

/** What the options say. */
export function studyOptions(flags: StudyFlags & Pick<BackendOptions, "backend">): StudyOptions {
  const { experiment, preset = null, seeds = null, data = null, out = null, backend } = flags;
  return { experiment, preset, seeds, data, out, backend };
}
