/**
 * Data sets for training: read to the end before anything starts, so that a bad row is found now
 * and not after an hour. A file with errors is refused unless bad rows are to be dropped, and then
 * the result says how many were.
 */
import type { Tokenizer } from "@preflab/lm";
import { PairStore } from "../batches/pair-store.ts";
import { rankedPairs } from "../convert.ts";
import { badRows, DataError } from "../errors.ts";
import { type AnyExample, type ExampleOptions, examples } from "../examples.ts";
import { RowError } from "../formats/fields.ts";
import type { FormatName } from "../formats/format.ts";
import { type Problem, reporter } from "../sources/row.ts";
import { type EncoderOptions, ExampleEncoder } from "../tokens/encoder.ts";
import { checkTruncation, type TruncationOptions, truncatePair } from "../tokens/truncate.ts";
import type { ExampleKind, ExampleKinds, TokenizedPair } from "../types.ts";
import { type ReadOptions, readRows } from "./read-rows.ts";

/** Most problems that are kept in full. */
const KEPT_PROBLEMS = 100;

/** Options of {@link loadExamples}. */
export interface LoadOptions extends ReadOptions, ExampleOptions {
  /** What bad rows do: "fail" (default) refuses the data set, "drop" leaves them out. */
  readonly onError?: "fail" | "drop";
}

/** What became of the rows of a data set. */
export interface LoadReport {
  /** Rows, bad ones too. */
  readonly rows: number;
  /** Bad rows that were left out; 0 unless `onError` is "drop". */
  readonly dropped: number;
  /** Rows that an option left out. */
  readonly leftOut: number;
  /** The first problems, warnings among them. */
  readonly problems: readonly Problem[];
}

/** Examples of one kind, all in memory. */
export interface LoadedOf<Kind extends ExampleKind> extends LoadReport {
  readonly kind: Kind;
  readonly format: FormatName;
  readonly examples: readonly ExampleKinds[Kind][];
}

/** Examples of any kind; `kind` tells which. */
export type LoadedExamples = { readonly [Kind in ExampleKind]: LoadedOf<Kind> }[ExampleKind];

/**
 * Reads all examples of a data set.
 *
 * @throws DataError where rows are bad and not to be dropped, or no example is left
 */
export async function loadExamples(
  path: string,
  options: LoadOptions = {},
): Promise<LoadedExamples> {
  const found: AnyExample["example"][] = [];
  let first: AnyExample | undefined;
  const report = await eachExample(path, options, (item) => {
    first ??= item;
    found.push(item.example);
  });
  if (first === undefined) throw noExamples(path, report);
  const { kind, format } = first;
  // All examples of a data set are of the kind of the first one.
  return { ...report, kind, format, examples: found } as LoadedExamples;
}

/** Options of {@link loadPairs}. */
export interface LoadPairsOptions extends LoadOptions, TruncationOptions, EncoderOptions {
  /** Needed unless rows are token ids already. */
  readonly tokenizer?: Tokenizer;
  /** Ids from here on are errors; default: no limit. */
  readonly vocabSize?: number;
}

/** Pairs ready to train on, and what was done to get them. */
export interface LoadedPairs extends LoadReport {
  readonly store: PairStore;
  /** Pairs whose prompt was cut. */
  readonly promptsCut: number;
  /** Pairs that lost the end of a completion. */
  readonly lostEos: number;
  /** Pairs left out since truncation made their completions the same, or left one without tokens. */
  readonly truncatedAway: number;
  /** Pairs kept whose completions are the same as given: they pull the loss towards log 2. */
  readonly identical: number;
}

/**
 * Reads pairs, tokenises and truncates them. Rankings become all their pairs.
 *
 * @throws DataError as {@link loadExamples}, where rows are no pairs, or texts come without tokenizer
 */
export async function loadPairs(path: string, options: LoadPairsOptions): Promise<LoadedPairs> {
  checkTruncation(options);
  const encoder = options.tokenizer && new ExampleEncoder(options.tokenizer, options);
  const store = new PairStore();
  const counts = { promptsCut: 0, lostEos: 0, truncatedAway: 0, identical: 0 };
  const report = await eachExample(path, options, (item) => {
    for (const given of tokenized(path, item, encoder)) {
      checkIds(given, options.vocabSize);
      const pair = truncatePair(given, options);
      if (pair.becameIdentical || pair.becameEmpty) {
        counts.truncatedAway++;
        continue;
      }
      if (pair.promptCut) counts.promptsCut++;
      if (pair.lostEos) counts.lostEos++;
      if (pair.identical) counts.identical++;
      store.add(pair);
    }
  });
  if (store.length === 0) throw noExamples(path, report);
  return { ...report, ...counts, store };
}

function tokenized(
  path: string,
  item: AnyExample,
  encoder: ExampleEncoder | undefined,
): readonly TokenizedPair[] {
  if (item.kind === "tokenized-preference") return [item.example];
  if (item.kind !== "preference" && item.kind !== "ranked") {
    throw new DataError(
      `${path}: expected preference pairs, got examples of kind ${item.kind} (${item.format}).`,
    );
  }
  if (encoder === undefined) {
    throw new DataError(
      `${path}: expected a tokenizer for pairs of texts, got none. Give one, or rows of ids.`,
    );
  }
  if (item.kind === "preference") return [encoder.pair(item.example)];
  return rankedPairs(item.example).map((pair) => encoder.pair(pair));
}

function checkIds(pair: TokenizedPair, vocabSize = Number.POSITIVE_INFINITY): void {
  for (const ids of [pair.promptIds, pair.chosenIds, pair.rejectedIds]) {
    for (let t = 0; t < ids.length; t++) {
      if ((ids[t] as number) < vocabSize) continue;
      const message = `expected token ids below ${vocabSize}, got ${ids[t]}. Is it another model's?`;
      throw new RowError("wrong_type", message);
    }
  }
}

/** Reads to the end, then refuses bad rows or counts them. */
async function eachExample(
  path: string,
  options: LoadOptions,
  use: (item: AnyExample) => void,
): Promise<LoadReport> {
  const problems: Problem[] = [];
  let rows = 0;
  let bad = 0;
  let leftOut = 0;
  const note = (problem: Problem) => {
    if (problem.severity === "error") bad++;
    if (problems.length < KEPT_PROBLEMS) problems.push(problem);
  };
  for await (const item of examples(readRows(path, options), options)) {
    if (item.kind === "problem") {
      if (item.severity === "error") rows++;
      note(item);
      continue;
    }
    rows++;
    if (item.kind === "left-out") leftOut++;
    else {
      try {
        use(item);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        const { file, row, line } = item.source;
        note(reporter(file)(error.code, row, line, error.message));
      }
    }
  }
  const errors = problems.filter(({ severity }) => severity === "error");
  if (bad > 0 && options.onError !== "drop") throw badRows(path, errors, bad);
  return { rows, dropped: bad, leftOut, problems };
}

function noExamples(path: string, { rows, dropped, leftOut }: LoadReport): DataError {
  return new DataError(
    `${path}: expected examples, got none of ${rows} rows (${dropped} bad, ${leftOut} left out).`,
  );
}
