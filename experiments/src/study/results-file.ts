/**
 * Reads, checks and writes results.json. Equal results give equal bytes: keys and runs are sorted,
 * numbers have 12 significant digits, so that the last bits of float64 sums do not show; numbers of
 * single prompts have 5.
 */
import { readFile } from "node:fs/promises";
import { writeTextAtomically } from "@preflab/lm";
import { CommandError } from "../errors.ts";
import { COMPARISONS } from "./comparisons-shape.ts";
import { ENUMERATION_SHAPE } from "./enumeration.ts";
import type { Json } from "./experiment.ts";
import {
  anyObject,
  list,
  number,
  object,
  oneOf,
  type Shape,
  ShapeError,
  text,
} from "./json-shape.ts";
import type {
  BestOfNPoint,
  Costs,
  Deviation,
  Evaluation,
  LimitSample,
  RunResult,
  SampleText,
  Statement,
  StudyLabels,
  StudyResults,
} from "./results.ts";

/** Significant digits of written numbers. */
const DIGITS = 12;

/** Of numbers per prompt, which are most of the file and vary by far more between prompts. */
const PROMPT_DIGITS = 5;

/** Longest line that a list or an object is written on, when it is not one of numbers. */
const LINE = 100;

const EVALUATION = object<Evaluation>(
  {
    ...{ step: number, examples: number, gold: number, gold_error: number },
    ...{ proxy: number, proxy_error: number, kl: number, kl_error: number },
    ...{ kl_k1: number, kl_k1_error: number, kl_k3: number, kl_k3_error: number },
    ...{ rollout_kl: number, entropy: number, length: number, eos_rate: number },
    ...{ validity: number, distinct_2: number, chosen_logp: number },
    ...{ win_rate: number, win_rate_error: number },
    validation: object<NonNullable<Evaluation["validation"]>>({ gold: number, kl: number }),
    per_prompt: object<NonNullable<Evaluation["per_prompt"]>>({
      gold: list(number),
      kl: list(number),
    }),
  },
  ...(["proxy", "proxy_error", "kl_k1_error", "kl_k3_error", "rollout_kl", "entropy"] as const),
  ...(["validity", "chosen_logp", "validation", "per_prompt"] as const),
  ...(["win_rate", "win_rate_error"] as const),
);

const RUN = object<RunResult>(
  {
    ...{ id: text, method: text, label: text, group: text, knobs: anyObject, seed: number },
    evaluations: list(EVALUATION),
    target_kl: number,
    costs: object<Costs>({
      ...{ gold_queries: number, gold_labels: number, reward_queries: number },
      ...{ train_tokens: number, sampled_tokens: number, flops: number },
    }),
    samples: list(object<SampleText>({ prompt: text, completion: text, gold: number })),
    status: oneOf("ok", "collapsed", "failed"),
    note: text,
  },
  "target_kl",
  "note",
);

const LIMIT = object<LimitSample>(
  { kl: number, reward: number, kind: oneOf("exact", "importance"), ess: number },
  "ess",
);

const RESULTS: Shape<StudyResults> = object<StudyResults>(
  {
    ...{ version: oneOf(1), experiment: text, preset: text, seeds: list(number) },
    labels: object<StudyLabels>({
      ...{ title: text, about: text, reward: text, proxy: text, reference: text, subject: text },
      ...{ rivals: list(text), claim: text, groups: list(text) },
    }),
    ...{ task: anyObject, config: anyObject, code: text },
    deviations: list(object<Deviation>({ item: text, paper: text, here: text, why: text })),
    limit: list(LIMIT),
    language_limit: list(LIMIT),
    enumeration: ENUMERATION_SHAPE,
    runs: list(RUN),
    best_of_n: list(
      object<BestOfNPoint>(
        {
          ...{ n: number, gold: number, gold_error: number, proxy: number },
          ...{ kl_bound: number, kl_exact: number, by: oneOf("learned", "gold") },
          ...{ win_rate: number, win_rate_error: number },
        },
        ...(["proxy", "kl_exact", "win_rate", "win_rate_error"] as const),
      ),
    ),
    comparisons: COMPARISONS,
    statements: list(
      object<Statement>({
        ...{ number, text, where: text, detail: text },
        outcome: oneOf("holds", "fails", "not applicable"),
      }),
    ),
  },
  ...(["comparisons", "language_limit", "enumeration"] as const),
);

/** Reads results.json. @throws CommandError naming the file and the field that is wrong */
export async function readResults(path: string): Promise<StudyResults> {
  const file = await readFile(path, "utf8");
  try {
    return parseResults(file);
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof SyntaxError)) throw error;
    throw new CommandError(
      `${path}: ${error.message}. The file is damaged or of another version: sweep again, which ` +
        "writes it from what is finished.",
    );
  }
}

/** Writes results.json. @throws RangeError for numbers that JSON lacks */
export async function writeResults(path: string, results: StudyResults): Promise<void> {
  await writeTextAtomically(path, formatResults(results));
}

/** Results from the text of results.json. @throws ShapeError, SyntaxError */
export function parseResults(file: string): StudyResults {
  const results = RESULTS(JSON.parse(file), "");
  checkPrompts(results);
  return results;
}

/** The text of results.json. @throws RangeError for numbers that JSON lacks, naming them */
export function formatResults(results: StudyResults): string {
  const runs = [...results.runs].sort((a, b) => (a.id < b.id ? -1 : 1));
  return `${layOut(canonical({ ...results, runs }, "results"), "")}\n`;
}

/** Intervals pair prompts by their index, so all runs must have as many. */
function checkPrompts({ runs }: StudyResults): void {
  let prompts: number | undefined;
  for (const [i, { evaluations }] of runs.entries()) {
    for (const [j, { per_prompt: perPrompt }] of evaluations.entries()) {
      if (!perPrompt) continue;
      prompts ??= perPrompt.gold.length;
      if (perPrompt.gold.length === prompts && perPrompt.kl.length === prompts) continue;
      throw new ShapeError(
        `runs[${i}].evaluations[${j}].per_prompt`,
        `gold and kl of ${prompts} prompts, as in other evaluations`,
        [perPrompt.gold.length, perPrompt.kl.length],
      );
    }
  }
}

/** Sorted keys, rounded numbers, no fields that are undefined. */
function canonical(value: unknown, path: string, digits = DIGITS): Json {
  if (typeof value === "number") return rounded(value, path, digits);
  if (Array.isArray(value)) {
    return value.map((part: unknown, i) => canonical(part, `${path}[${i}]`, digits));
  }
  if (typeof value !== "object" || value === null) return value as string | boolean | null;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, part]) => {
      const ownDigits = name === "per_prompt" ? PROMPT_DIGITS : digits;
      return [name, canonical(part, `${path}.${name}`, ownDigits)];
    }),
  );
}

function rounded(value: number, path: string, digits: number): number {
  if (!Number.isFinite(value)) {
    throw new RangeError(
      `formatResults: expected finite numbers, got ${value} at ${path}. Write null or leave it out.`,
    );
  }
  // Adding 0 turns -0 into 0.
  return Number(value.toPrecision(digits)) + 0;
}

/** JSON with short parts and lists of numbers on one line: readable, and small in a diff. */
function layOut(value: Json, indent: string): string {
  const line = JSON.stringify(value);
  if (value === null || typeof value !== "object") return line;
  const isNumbers = Array.isArray(value) && value.every((part) => typeof part === "number");
  if (isNumbers || indent.length + line.length <= LINE) return line;
  const inner = `${indent}  `;
  const [open, close, parts] = Array.isArray(value)
    ? ["[", "]", value.map((part: Json) => layOut(part, inner))]
    : [
        "{",
        "}",
        Object.entries(value).map(
          ([name, part]) => `${JSON.stringify(name)}: ${layOut(part, inner)}`,
        ),
      ];
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}
