/** What a study would take that is too large to try: computed from its settings, and shown as a table. */
import { alignedRows, bytes } from "../output.ts";

/** A stage, or several alike. */
export interface EstimateRow {
  readonly name: string;
  /** How many of them. */
  readonly times: number;
  /** Tokens of all of them: learned from, only read, and sampled. */
  readonly trainTokens: number;
  readonly readTokens: number;
  readonly sampledTokens: number;
  /** Texts that the gold reward is asked about. */
  readonly goldTexts: number;
  /** Floating point operations of all of them. */
  readonly flops: number;
  /** Of the assumed machine, all of them one after the other. */
  readonly hours: number;
  /** Bytes on the accelerator while one of them runs. */
  readonly memory: number;
  /** Bytes that all of them leave. */
  readonly disk: number;
}

/** What a judge that is paid for would be asked. */
export interface JudgeEstimate {
  readonly model: string;
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prices of a million tokens, and what all of it costs by them, in one currency. */
  readonly prices: { readonly prompt: number; readonly completion: number };
  readonly money: number;
}

/** What a study would take. */
export interface StudyEstimate {
  /** What the numbers rest on, in sentences. */
  readonly assumptions: readonly string[];
  readonly rows: readonly EstimateRow[];
  /** Null where no service judges. */
  readonly judge: JudgeEstimate | null;
}

/** All stages together: sums, and the largest memory. */
export function totalOf(rows: readonly EstimateRow[]): EstimateRow {
  const sum = (key: Exclude<keyof EstimateRow, "name">) =>
    rows.reduce((total, row) => total + row[key], 0);
  return {
    name: "all",
    ...{ times: sum("times"), flops: sum("flops"), hours: sum("hours"), disk: sum("disk") },
    ...{ trainTokens: sum("trainTokens"), readTokens: sum("readTokens") },
    ...{ sampledTokens: sum("sampledTokens"), goldTexts: sum("goldTexts") },
    memory: Math.max(...rows.map(({ memory }) => memory)),
  };
}

/** The estimate as a table with what it rests on. */
export function describeEstimate({ assumptions, rows, judge }: StudyEstimate): string {
  const head = ["", "", "tokens", "tokens", "tokens", "gold", "", "", "", ""];
  const names = ["stage", "times", "trained", "read", "sampled", "texts", "FLOP", "hours"];
  const lines = [...rows, totalOf(rows)].map((row) => [
    ...[row.name, String(row.times), short(row.trainTokens), short(row.readTokens)],
    ...[short(row.sampledTokens), short(row.goldTexts), row.flops.toExponential(1)],
    ...[row.hours.toFixed(1), bytes(row.memory), bytes(row.disk)],
  ]);
  const table = alignedRows([head, [...names, "memory", "disk"], ...lines]);
  const lists = [...(judge ? [judgeLine(judge)] : []), ...assumptions];
  return `${table}\n${lists.map((line) => `- ${line}\n`).join("")}`;
}

function judgeLine({ model, requests, promptTokens, completionTokens, ...costs }: JudgeEstimate) {
  const { prices, money } = costs;
  return (
    `Judge ${model}: ${short(requests)} requests with ${short(promptTokens)} tokens, answers of ` +
    `${short(completionTokens)}; ${money.toFixed(2)} in all at ${prices.prompt} and ` +
    `${prices.completion} per million of them.`
  );
}

/** A count to three digits: `7.21M`. */
function short(count: number): string {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${Number((count / 1000 ** power).toPrecision(3))}${["", "k", "M", "G"][power]}`;
}
