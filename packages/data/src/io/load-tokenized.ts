/**
 * Data sets as trainers take them: read to the end, tokenised, truncated, equal prompts held once.
 * Texts are dropped as soon as they are ids.
 */
import type { Tokenizer } from "@preflab/lm";
import { DataError } from "../errors.ts";
import type { AnyExample } from "../examples.ts";
import { RowError } from "../formats/fields.ts";
import { type EncoderOptions, ExampleEncoder } from "../tokens/encoder.ts";
import { IdPool } from "../tokens/id-pool.ts";
import { type IdRow, idRows, SERVES, type TrainingKind } from "../tokens/id-rows.ts";
import {
  checkTruncation,
  sameIds,
  type Truncated,
  type TruncationOptions,
  truncateRow,
} from "../tokens/truncate.ts";
import type { TokenizedPair, TokenizedRanked, TokenizedUnpaired } from "../types.ts";
import { eachExample, type LoadOptions, type LoadReport, noExamples } from "./load.ts";

/** Options of loading for training. Rows that are ids already are not cut: too long ones are bad. */
export interface LoadTokenizedOptions extends LoadOptions, TruncationOptions, EncoderOptions {
  /** Needed unless rows are token ids already. */
  readonly tokenizer?: Tokenizer;
  /** Ids from here on are errors; default: the tokenizer's, or no limit. */
  readonly vocabSize?: number;
}

/** Examples ready to train on, and what was done to get them. */
export interface LoadedTokenized<Example> extends LoadReport {
  /** In the order of the file; equal prompts are the same array. */
  readonly examples: readonly Example[];
  /** Different prompts. */
  readonly prompts: number;
  /** Examples whose prompt was cut. */
  readonly promptsCut: number;
  /** Examples that lost the end of a completion. */
  readonly lostEos: number;
  /** Examples left out since truncation made completions the same, or left one without tokens. */
  readonly truncatedAway: number;
  /** Examples kept although two completions are the same, as they were given. */
  readonly identical: number;
}

/**
 * Loads pairs; rankings become all their pairs.
 *
 * @throws DataError where rows are bad and not to be dropped, of another kind, or texts without a
 *   tokenizer; RangeError as {@link checkTruncation}
 */
export function loadPairs(
  path: string,
  options: LoadTokenizedOptions,
): Promise<LoadedTokenized<TokenizedPair>> {
  return load(path, "pair", options, ({ promptIds, completionIds, ...rest }) => {
    const [chosenIds, rejectedIds] = completionIds as [ArrayLike<number>, ArrayLike<number>];
    return { promptIds, chosenIds, rejectedIds, ...rest };
  });
}

/** Loads rankings; pairs are rankings of two. @throws as {@link loadPairs} */
export function loadRanked(
  path: string,
  options: LoadTokenizedOptions,
): Promise<LoadedTokenized<TokenizedRanked>> {
  return load(path, "ranked", options, (row) => row);
}

/** Loads unpaired examples; a pair becomes two of them. @throws as {@link loadPairs} */
export function loadUnpaired(
  path: string,
  options: LoadTokenizedOptions,
): Promise<LoadedTokenized<TokenizedUnpaired>> {
  return load(path, "unpaired", options, ({ completionIds, label = false, ...rest }) => ({
    ...rest,
    completionIds: completionIds[0] as ArrayLike<number>,
    label,
  }));
}

async function load<Example>(
  path: string,
  as: TrainingKind,
  options: LoadTokenizedOptions,
  toExample: (row: IdRow) => Example,
): Promise<LoadedTokenized<Example>> {
  checkTruncation(options);
  const encoder = options.tokenizer && new ExampleEncoder(options.tokenizer, options);
  const vocabSize = options.vocabSize ?? options.tokenizer?.vocabSize;
  const pool = new IdPool(vocabSize);
  const examples: Example[] = [];
  const counts = { promptsCut: 0, lostEos: 0, truncatedAway: 0, identical: 0 };
  const report = await eachExample(path, options, (item) => {
    const rows = rowsOf(path, item, as, encoder);
    for (const row of rows) {
      checkIds(row, vocabSize);
      if (isGiven(item)) checkLength(row, options.maxLength);
    }
    for (const row of rows) {
      const cut = truncateRow(row.promptIds, row.completionIds, options);
      if (!note(cut)) continue;
      const promptIds = pool.prompt(cut.promptIds);
      const completionIds = cut.completionIds.map((ids) => pool.completion(ids));
      examples.push(toExample({ ...row, promptIds, completionIds }));
    }
  });
  if (examples.length === 0) throw noExamples(path, report);
  return { ...report, ...counts, examples, prompts: pool.promptCount };

  /** Counts what truncation did; whether anything is left to learn. */
  function note(cut: Truncated): boolean {
    if (cut.becameIdentical || cut.becameEmpty) {
      counts.truncatedAway++;
      return false;
    }
    if (cut.promptCut) counts.promptsCut++;
    if (cut.lostEos) counts.lostEos++;
    const [first, ...others] = cut.completionIds;
    if (first && others.some((ids) => sameIds(ids, first))) counts.identical++;
    return true;
  }
}

function rowsOf(
  path: string,
  item: AnyExample,
  as: TrainingKind,
  encoder: ExampleEncoder | undefined,
): readonly IdRow[] {
  const rows = idRows(item, as, encoder);
  if (rows === "no tokenizer") {
    throw new DataError(
      `${path}: expected a tokenizer for rows of texts, got none. Give one, or rows of ids.`,
    );
  }
  if (rows !== null) return rows;
  throw new DataError(
    `${path}: expected examples of kind ${SERVES[as]}; got ${item.kind} (${item.format}).`,
  );
}

/** Whether an example is ids already. */
function isGiven({ kind }: AnyExample): boolean {
  return kind.startsWith("tokenized-");
}

function checkLength({ promptIds, completionIds }: IdRow, maxLength: number): void {
  const longest = Math.max(...completionIds.map((ids) => promptIds.length + ids.length));
  if (longest <= maxLength) return;
  throw new RowError(
    "too_long",
    `expected ids of at most ${maxLength} tokens, prompt and completion together, got ${longest}. ` +
      "Cut them where they are made, or raise maxLength.",
  );
}

function checkIds({ promptIds, completionIds }: IdRow, vocabSize = Number.POSITIVE_INFINITY): void {
  for (const ids of [promptIds, ...completionIds]) {
    for (let t = 0; t < ids.length; t++) {
      if ((ids[t] as number) < vocabSize) continue;
      const message = `expected token ids below ${vocabSize}, got ${ids[t]}. Are they another model's?`;
      throw new RowError("wrong_type", message);
    }
  }
}
