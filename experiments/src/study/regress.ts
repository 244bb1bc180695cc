/**
 * Compares results with those that are expected: the final numbers of every method with every
 * setting, each within an interval. Intervals are made for other machines, whose rounding leads to
 * other samples and so to other policies, as another seed would.
 */
import { readFile } from "node:fs/promises";
import { writeTextAtomically } from "@preflab/lm";
import { CommandError } from "../errors.ts";
import { list, number, object, oneOf, ShapeError, text } from "./json-shape.ts";
import { type Evaluation, finalEvaluation, type StudyResults } from "./results.ts";
import { mean } from "./statistics/bootstrap.ts";

/** Seeds that an expectation is made from. */
export const EXPECTATION_SEEDS = 5;

/**
 * Standard deviations on either side. With normal errors 4 are left once in 16,000 numbers; the
 * deviations are estimates from few seeds, so that it is more often, but seldom among a hundred.
 */
const DEVIATIONS = 4;

/** How an interval is made, for whoever reads the file. */
const RULE =
  `mean over seeds, plus or minus ${DEVIATIONS} standard deviations of a new value: the spread ` +
  "over seeds (half of the variance from the run itself, half from all runs of the metric, for KL in " +
  "proportion to it, times 1 + 1 / seeds) and the sampling error of one evaluation";

/** Rounding of a number without any spread, such as the KL of the reference from itself. */
const ROUNDING = 1e-6;

/** Metrics of a final evaluation that are compared. */
const METRICS = [
  ...["gold", "proxy", "kl", "length", "eos_rate", "validity", "distinct_2"],
  "chosen_logp",
] as const;
type Metric = (typeof METRICS)[number];

/** Sampling errors where an evaluation tells none, for some 64 short texts: generous guesses. */
const SAMPLING_ERRORS: Readonly<Partial<Record<Metric, number>>> = {
  length: 0.4,
  distinct_2: 0.02,
  chosen_logp: 0.5,
};

/** A number with its interval. */
export interface ExpectedNumber {
  /** Of a run, such as `DPO, β = 0.1`, or of best-of-n. */
  readonly of: string;
  readonly metric: string;
  readonly mean: number;
  /** Half the width of the interval. */
  readonly margin: number;
}

/** expectation.json. */
export interface Expectation {
  readonly version: 1;
  readonly experiment: string;
  readonly preset: string;
  readonly backend: string;
  readonly seeds: readonly number[];
  readonly rule: string;
  readonly numbers: readonly ExpectedNumber[];
}

/** A number that is not where it is expected. */
export interface Moved {
  readonly of: string;
  readonly metric: string;
  /** Null where it is missing. */
  readonly value: number | null;
  /** Null for a number that nothing is expected of. */
  readonly expected: ExpectedNumber | null;
}

/** A number of results, once for every seed. */
interface Measured {
  readonly of: string;
  readonly metric: string;
  readonly values: readonly number[];
  /** Sampling error of one value. */
  readonly error: number;
}

const EXPECTATION = object<Expectation>({
  ...{ version: oneOf(1), experiment: text, preset: text, backend: text, seeds: list(number) },
  rule: text,
  numbers: list(object<ExpectedNumber>({ of: text, metric: text, mean: number, margin: number })),
});

/** What is expected after results of several seeds. */
export function expectationOf(results: StudyResults, backend: string): Expectation {
  const { experiment, preset, seeds } = results;
  const measured = measure(results);
  return {
    ...{ version: 1, experiment, preset, backend, seeds, rule: RULE },
    numbers: measured.map(({ of, metric, values, error }) => {
      const alike = measured.filter((other) => other.metric === metric);
      const pooled = mean(
        alike.map((other) => variance(other.values) * scale(metric, values, other)),
      );
      const spread = ((variance(values) + pooled) / 2) * (1 + 1 / values.length);
      return {
        of,
        metric,
        mean: mean(values),
        margin: ROUNDING + DEVIATIONS * Math.sqrt(spread + error ** 2),
      };
    }),
  };
}

/** Numbers outside their intervals, missing or new ones. Several seeds are averaged. */
export function movedNumbers(results: StudyResults, { numbers }: Expectation): Moved[] {
  const named = ({ of, metric }: Pick<Moved, "of" | "metric">) => JSON.stringify([of, metric]);
  const fresh = new Map(measure(results).map((entry) => [named(entry), entry]));
  const known = new Set(numbers.map(named));
  const moved = numbers.flatMap((expected): Moved[] => {
    const { of, metric, margin } = expected;
    const found = fresh.get(named(expected));
    const value = found ? mean(found.values) : null;
    const isWithin = value !== null && Math.abs(value - expected.mean) <= margin;
    return isWithin ? [] : [{ of, metric, value, expected }];
  });
  const added = [...fresh.values()].filter((entry) => !known.has(named(entry)));
  return [
    ...moved,
    ...added.map(({ of, metric, values }) => ({ of, metric, value: mean(values), expected: null })),
  ];
}

/** Reads expectation.json. @throws CommandError for one that is missing, damaged or of another kind */
export async function readExpectation(path: string, update: string): Promise<Expectation> {
  const file = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    throw new CommandError(
      `${path}: expected a file of expectations, got none. Make it: ${update}`,
    );
  });
  try {
    return EXPECTATION(JSON.parse(file), "");
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof SyntaxError)) throw error;
    throw new CommandError(`${path}: ${error.message}. Make it anew: ${update}`);
  }
}

/** Writes expectation.json, a line for every number. */
export async function writeExpectation(path: string, expectation: Expectation): Promise<void> {
  const { numbers, ...head } = expectation;
  const lines = numbers.map((entry) => {
    const { of, metric, mean, margin } = entry;
    const short = (value: number) => Number(value.toPrecision(6));
    return `    ${JSON.stringify({ of, metric, mean: short(mean), margin: short(margin) })}`;
  });
  const top = JSON.stringify(head, null, 2).slice(0, -2);
  await writeTextAtomically(path, `${top},\n  "numbers": [\n${lines.join(",\n")}\n  ]\n}\n`);
}

function measure(results: StudyResults): Measured[] {
  const byLabel = new Map<string, Evaluation[]>();
  for (const run of results.runs) {
    const final = finalEvaluation(run);
    byLabel.set(run.label, [...(byLabel.get(run.label) ?? []), ...(final ? [final] : [])]);
  }
  const runs = [...byLabel].flatMap(([of, finals]) =>
    METRICS.flatMap((metric): Measured[] => {
      const values = finals.flatMap((final) => final[metric] ?? []);
      const error = Math.max(...finals.map((final) => samplingError(final, metric)));
      return values.length > 0 ? [{ of, metric, values, error }] : [];
    }),
  );
  const best = results.best_of_n.map(({ n, by, gold, gold_error }) => ({
    ...{ of: `best of ${n} by ${by} reward`, metric: "gold", values: [gold], error: gold_error },
  }));
  return [...runs, ...best];
}

function samplingError(final: Evaluation, metric: Metric): number {
  switch (metric) {
    case "gold":
      return final.gold_error;
    case "proxy":
      return final.proxy_error ?? 0;
    case "kl":
      return final.kl_error;
    case "eos_rate":
    case "validity": {
      // Of a share among one text for every prompt; a share of 0 or 1 has an error, too.
      const [share, texts] = [final[metric] ?? 0, final.per_prompt?.gold.length ?? 1];
      return Math.sqrt(Math.max(share * (1 - share), 1 / texts) / texts);
    }
    default:
      return SAMPLING_ERRORS[metric] ?? 0;
  }
}

/** Turns a variance of another run into one of these values: a larger KL spreads more. */
function scale(metric: string, values: readonly number[], other: Measured): number {
  const size = mean(other.values);
  return metric === "kl" && size > 0 ? (mean(values) / size) ** 2 : 1;
}

/** Unbiased; 0 of a single value. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - center) ** 2, 0);
  return values.length > 1 ? squares / (values.length - 1) : 0;
}
