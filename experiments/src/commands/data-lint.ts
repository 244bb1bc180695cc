/** `preflab data lint`: what is wrong with a data set. The checks are in @preflab/data. */
import type { Finding, LintFileOptions, LintReport } from "@preflab/data";
import { type Command, Option } from "commander";
import { CommandError, UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { toJson } from "../output.ts";
import { addReadingOptions, type ReadingOptions } from "./data-inspect.ts";

interface LintOptions extends ReadingOptions {
  readonly tokenizer?: string;
  readonly maxLength?: number;
  readonly maxPromptLength?: number;
  readonly truncation: "keep_start" | "keep_end";
  readonly against?: string;
  readonly json?: true;
}

/** Row numbers and places that are shown to people; JSON has all. */
const SHOWN = 10;

const HELP = `
Errors are rows that cannot be read or teach nothing: malformed rows, identical pairs, empty
completions, prompts that differ, prompts that reach the limit, pairs that truncation makes identical.
Warnings are what to know before training: lost ends of text, tokens that merge where prompt and
completion meet, special tokens in texts, repeated rows, near-duplicates in several parts (by file
name, by a field "split", or of --against), unbalanced labels, lengths that tell good from bad.
Checks of tokens need --tokenizer. The exit code is 1 where there are errors.

Result with --json; rows are counted from 0, and empty where the data set as a whole is meant:
  {"rows": n, "errors": [{"code", "count", "rows": [..], "message"}], "warnings": [...]}

Examples:
  $ preflab data lint pairs.jsonl
  $ preflab data lint pairs.jsonl --tokenizer models/pythia-70m --max-length 512 --json
  $ preflab data lint train.parquet --against test.parquet
`;

/** Adds `data lint`. */
export function addDataLintCommand(parent: Command, io: Io): void {
  const command = parent
    .command("lint")
    .description("find errors in a preference dataset")
    .argument("<file>", "file or folder of data")
    .option("--tokenizer <dir>", "folder with a tokenizer, for checks of tokens")
    .option("--max-length <n>", "most tokens of prompt and completion", integerFrom(1))
    .option(
      "--max-prompt-length <n>",
      "most tokens of a prompt where both are too long",
      integerFrom(1),
    )
    .addOption(
      new Option("--truncation <mode>", "what is kept of what is too long")
        .choices(["keep_start", "keep_end"])
        .default("keep_start"),
    )
    .option("--against <file>", "data that must not be in this one too, such as its test set");
  addReadingOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((path: string, options: LintOptions) => lint(path, options, io));
}

async function lint(path: string, options: LintOptions, io: Io): Promise<void> {
  const { lintFile } = await import("@preflab/data");
  const report = await lintFile(path, await lintOptions(options));
  io.out(options.json ? `${toJson(report)}\n` : forPeople(path, report));
  const errors = report.errors.reduce((sum, { count }) => sum + count, 0);
  if (errors > 0) {
    const codes = report.errors.map(({ code }) => code).join(", ");
    throw new CommandError(`${path}: expected no errors, got ${errors} (${codes}).`);
  }
}

async function lintOptions(options: LintOptions): Promise<LintFileOptions> {
  const { tokenizer: folder, maxLength, maxPromptLength, truncation: mode } = options;
  if (maxPromptLength !== undefined && maxLength === undefined) {
    throw new UsageError("--max-prompt-length needs --max-length.");
  }
  if (maxPromptLength !== undefined && maxPromptLength >= (maxLength ?? 0)) {
    throw new UsageError(
      `expected --max-prompt-length below --max-length, got ${maxPromptLength} and ${maxLength}.`,
    );
  }
  const { format, split, against } = options;
  return {
    format,
    ...(split !== undefined && { split }),
    ...(against !== undefined && { against }),
    ...(folder !== undefined && { encoder: await encoderOf(folder) }),
    ...(maxLength !== undefined && {
      truncation: { maxLength, mode, ...(maxPromptLength !== undefined && { maxPromptLength }) },
    }),
  };
}

async function encoderOf(folder: string): Promise<NonNullable<LintFileOptions["encoder"]>> {
  const [{ ExampleEncoder }, { loadTokenizer }] = await Promise.all([
    import("@preflab/data"),
    import("@preflab/lm"),
  ]);
  return new ExampleEncoder(await loadTokenizer(folder));
}

function forPeople(path: string, { rows, errors, warnings }: LintReport): string {
  const head = `${path}: ${rows.toLocaleString("en-US")} rows, counted from 0\n`;
  if (errors.length + warnings.length === 0) return `${head}nothing found\n`;
  return head + section("errors", errors) + section("warnings", warnings);
}

function section(name: string, findings: readonly Finding[]): string {
  return findings.length === 0 ? "" : `${name}\n${findings.map(findingLines).join("")}`;
}

function findingLines({ code, count, rows, message, places }: Finding): string {
  const head = `  ${code}  ${count.toLocaleString("en-US")}\n`;
  const more = (all: number) => (all > SHOWN ? [`... and ${all - SHOWN} more`] : []);
  const details = places
    ? [...places.slice(0, SHOWN), ...more(count)]
    : [
        message,
        ...(rows.length === 0
          ? []
          : [`rows ${[...rows.slice(0, SHOWN), ...more(rows.length)].join(", ")}`]),
      ];
  return head + details.map((line) => `    ${line}\n`).join("");
}
