/** Rows of input files as token ids: checks, and tokenising of texts. Errors name file and line. */
import type { ModelConfig } from "@preflab/lm";
import { CommandError } from "../errors.ts";
import type { Io } from "../io.ts";
import type { JsonlRow } from "../jsonl.ts";
import type { ModelTokenizer } from "./model.ts";

/** What rows are checked against and tokenised with. */
export interface RowContext {
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
}

/** A sequence to score, with padding where the row has it. */
export interface ScoringRow {
  /** `[T]` */
  readonly ids: readonly number[];
  /** `[T]` of 0 and 1. */
  readonly attentionMask: readonly number[];
  /** `[T]` of 0 and 1. */
  readonly completionMask: readonly number[];
  readonly where: string;
}

/** A prompt to continue. */
export interface PromptRow {
  readonly ids: readonly number[];
  readonly where: string;
}

const SCORING_KEYS = ["ids", "attentionMask", "completionMask", "prompt", "completion"];
const PROMPT_KEYS = ["ids", "attentionMask", "prompt"];

/**
 * Rows to score: `{ids, attentionMask?, completionMask?}`, or `{prompt, completion}`, each tokenised
 * on its own, with what the tokenizer puts before a text in front. Nothing is added at the end.
 * @throws CommandError for rows of another form and ids that the model does not have
 */
export async function* scoringRows(
  rows: AsyncIterable<JsonlRow>,
  context: RowContext,
  io: Io,
): AsyncGenerator<ScoringRow> {
  const warn = unknownKeyWarning(SCORING_KEYS, io);
  for await (const row of rows) {
    warn(row);
    const scoring = isText(row, "prompt", "completion")
      ? textScoringRow(row, context)
      : idScoringRow(row, context.config);
    checkLength(scoring.attentionMask.filter((real) => real === 1).length, 0, row, context.config);
    yield scoring;
  }
}

/**
 * Prompts: `{ids, attentionMask?}`, of which padding is dropped, or `{prompt}`.
 * @throws CommandError for rows of another form, ids that the model does not have, empty prompts,
 *   and prompts that leave no room for `maxNewTokens`
 */
export async function* promptRows(
  rows: AsyncIterable<JsonlRow>,
  context: RowContext,
  maxNewTokens: number,
  io: Io,
): AsyncGenerator<PromptRow> {
  const warn = unknownKeyWarning(PROMPT_KEYS, io);
  for await (const row of rows) {
    warn(row);
    const { where } = row;
    const ids = isText(row, "prompt")
      ? promptIds(text(row, "prompt"), context, where)
      : realIdsOf(row, context.config);
    if (ids.length === 0) {
      throw new CommandError(
        `${where}: expected a prompt of at least one token, got none. Begin it with a ` +
          "beginning-of-text token.",
      );
    }
    // The last new token is never read.
    checkLength(ids.length, maxNewTokens - 1, row, context.config);
    yield { ids, where };
  }
}

function textScoringRow(row: JsonlRow, context: RowContext): ScoringRow {
  const { where } = row;
  const prompt = promptIds(text(row, "prompt"), context, where);
  const completion = encode(text(row, "completion"), context, where);
  const ids = [...prompt, ...completion];
  return {
    ids,
    attentionMask: ids.map(() => 1),
    completionMask: ids.map((_, t) => (t < prompt.length ? 0 : 1)),
    where,
  };
}

function idScoringRow(row: JsonlRow, config: ModelConfig): ScoringRow {
  const ids = idsOf(row, config);
  if (ids.length === 0) throw problem(row, "expected ids of at least one token, got none.");
  const attentionMask = maskOf(row, "attentionMask", ids.length) ?? ids.map(() => 1);
  const completionMask = maskOf(row, "completionMask", ids.length) ?? attentionMask;
  return { ids, attentionMask, completionMask, where: row.where };
}

function promptIds(prompt: string, context: RowContext, where: string): number[] {
  const { before } = context.tokenizer.require(`${where}: a row of text`).frame;
  return [...before, ...encode(prompt, context, where)];
}

function encode(content: string, { config, tokenizer }: RowContext, where: string): number[] {
  const found = tokenizer.require(`${where}: a row of text`);
  let ids: number[];
  try {
    ids = [...found.encode(content, { addSpecialTokens: false })];
  } catch (error) {
    throw new CommandError(`${where}: ${error instanceof Error ? error.message : error}`);
  }
  const outside = ids.find((id) => id >= config.vocabSize);
  if (outside === undefined) return ids;
  throw new CommandError(
    `${where}: expected tokens below the model's ${config.vocabSize}, got ${outside} from the ` +
      "tokenizer. Check that tokenizer and weights are of one model.",
  );
}

/** Whether a row is of the text form, which has all `keys` and no ids. */
function isText(row: JsonlRow, ...keys: readonly string[]): boolean {
  const { value } = row;
  const present = keys.filter((key) => key in value);
  if ("ids" in value && present.length === 0) return false;
  if (!("ids" in value) && present.length === keys.length) return true;
  const given = Object.keys(value).join(", ") || "no keys";
  throw problem(row, `expected either ids or ${keys.join(" and ")}, got ${given}.`);
}

function idsOf(row: JsonlRow, { vocabSize }: ModelConfig): readonly number[] {
  const ids = listOf(row, "ids");
  const wrong = ids.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
  if (wrong < 0) return ids;
  throw problem(row, `expected ids in [0, ${vocabSize}), got ${ids[wrong]} at index ${wrong}.`);
}

/** The ids of a row that are not padding. */
function realIdsOf(row: JsonlRow, config: ModelConfig): readonly number[] {
  const ids = idsOf(row, config);
  const mask = maskOf(row, "attentionMask", ids.length);
  return mask ? ids.filter((_, t) => mask[t] === 1) : ids;
}

function maskOf(row: JsonlRow, key: string, length: number): readonly number[] | null {
  if ((row.value[key] ?? null) === null) return null;
  const mask = listOf(row, key);
  if (mask.length !== length) {
    throw problem(row, `expected ${key} as long as ids, ${length}, got ${mask.length}.`);
  }
  const wrong = mask.findIndex((entry) => entry !== 0 && entry !== 1);
  if (wrong < 0) return mask;
  throw problem(row, `expected ${key} of 0 and 1, got ${mask[wrong]} at index ${wrong}.`);
}

function listOf(row: JsonlRow, key: string): readonly number[] {
  const list = row.value[key];
  if (Array.isArray(list) && list.every((entry) => typeof entry === "number")) return list;
  throw problem(row, `expected ${key} to be a list of numbers, got ${show(list)}.`);
}

function text(row: JsonlRow, key: string): string {
  const value = row.value[key];
  if (typeof value === "string") return value;
  throw problem(row, `expected ${key} to be a string, got ${show(value)}.`);
}

/**
 * Only learned positions end; rotary ones go on, if worse.
 * @param more tokens to come
 * @throws CommandError
 */
export function checkLength(
  tokens: number,
  more: number,
  row: JsonlRow,
  config: ModelConfig,
): void {
  const { position, maxPositions } = config;
  if (position.kind !== "learned" || tokens + more <= maxPositions) return;
  const wanted = more > 0 ? `${tokens} tokens and ${more + 1} new ones` : `${tokens} tokens`;
  throw problem(row, `expected at most the model's ${maxPositions} positions, got ${wanted}.`);
}

/** Warns once about every key that is not read, which may be a misspelt one. */
export function unknownKeyWarning(
  known: readonly string[],
  io: Pick<Io, "err">,
): (row: JsonlRow) => void {
  const seen = new Set(known);
  return ({ value, where }) => {
    for (const key of Object.keys(value)) {
      if (seen.has(key)) continue;
      seen.add(key);
      io.err(`warning: ${where}: "${key}" is not read; known are ${known.join(", ")}\n`);
    }
  };
}

function problem({ where }: JsonlRow, message: string): CommandError {
  return new CommandError(`${where}: ${message}`);
}

function show(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}...` : json;
}
