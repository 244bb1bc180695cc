/** `preflab data inspect`: what a data set holds. The facts come from @preflab/data. */
import type { FormatName, Inspection, LengthSummary } from "@preflab/data";
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { toJson } from "../output.ts";

/** The options that tell how a data set is read. */
export interface ReadingOptions {
  readonly format: FormatName | "auto";
  readonly split?: string;
}

interface InspectOptions extends ReadingOptions {
  readonly json?: true;
}

/** As in @preflab/data, which is not loaded for help. */
const FORMATS: readonly (FormatName | "auto")[] = [
  "auto",
  "hh",
  "imdb",
  "shp",
  "trl",
  "llama-factory",
  "ultrafeedback",
  "tldr",
  "tokenized",
];

/** Most characters of a text that is shown. */
const SHOWN = 300;

const HELP = `
Reads JSON lines, a JSON array, CSV, TSV (each also gzipped), parquet, folders of these, the
folders of IMDb, and ORG/NAME of a downloaded data set. Rows are counted from 0.

Examples:
  $ preflab data inspect pairs.jsonl
  $ preflab data inspect data/ --split train --json | jq .lengths
`;

/** Adds `data inspect`. */
export function addDataInspectCommand(parent: Command, io: Io): void {
  const command = parent
    .command("inspect")
    .description("show what a preference dataset holds")
    .argument("<file>", "file or folder of data");
  addReadingOptions(command)
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (path: string, options: InspectOptions) => {
      const { inspectFile } = await import("@preflab/data");
      const { json, ...reading } = options;
      const inspection = await inspectFile(path, reading);
      io.out(json ? `${toJson(inspection, 2)}\n` : forPeople(inspection));
    });
}

/** Adds `--format` and `--split`. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--format <name>", "what rows are; auto tells by their fields")
        .choices(FORMATS)
        .default("auto"),
    )
    .option("--split <name>", 'only files of this part of a folder, such as "train"');
}

function forPeople(inspection: Inspection): string {
  const { rows, examples, kind, format, lengths, first } = inspection;
  const lines: [string, string][] = [
    ["rows", rows.toLocaleString("en-US")],
    ["examples", examples.toLocaleString("en-US")],
    ["kind", kind ? `${kind}, ${inspection.conversational ? "conversations" : "texts"}` : "none"],
    ["format", format ?? "none"],
    ["fields", inspection.fields.join(", ")],
    ["different", `${inspection.uniquePrompts.toLocaleString("en-US")} prompts or texts`],
    ["left out", inspection.leftOut === 0 ? "" : String(inspection.leftOut)],
    ["parts", counts(inspection.splits)],
    ["labels", counts(inspection.labels)],
    ["problems", counts(inspection.problems)],
    ...Object.entries(lengths).map(([name, summary]): [string, string] => [
      `length ${name}`,
      lengthLine(summary),
    ]),
  ];
  const shown = lines.filter(([, value]) => value !== "");
  const width = Math.max(...shown.map(([label]) => label.length));
  const table = shown.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join("");
  return first === undefined ? table : `${table}\nfirst example\n${exampleLines(first)}`;
}

function lengthLine({ min, median, p95, max, mean }: LengthSummary): string {
  return `${min} to ${max}, median ${median}, 95% up to ${p95}, mean ${mean.toFixed(1)}`;
}

function counts(numbers: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${name} ${(number ?? 0).toLocaleString("en-US")}`)
    .join(", ");
}

function exampleLines(example: object): string {
  return Object.entries(example)
    .filter(([name]) => name !== "meta")
    .map(([name, value]) => {
      const text = toJson(value);
      return `  ${name}: ${text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text}\n`;
    })
    .join("");
}
