/** Prompts of methods that sample completions, from data of any kind that has prompts or texts. */
import {
  type AnyExample,
  DataError,
  ExampleEncoder,
  examples,
  FORMAT_NAMES,
  type SourceItem,
  type Text,
} from "@preflab/data";
import { type ModelConfig, type OptionReader, RandomStream, type Tokenizer } from "@preflab/lm";
import type { PolicyPrompt } from "@preflab/rlhf";
import type { ModelTokenizer } from "../inference/model.ts";
import type { DataSettings } from "./data-settings.ts";
import {
  bad,
  badRows,
  type Item,
  made,
  RowError,
  requireKnownIds,
  rowsWithFirst,
} from "./row-items.ts";
import { idsOf, isRow } from "./tokenized-rows.ts";

/** Fields that hold ids, in the order in which they are looked for. */
const ID_FIELDS = ["promptIds", "prompt_ids", "ids"];

/** Several times what tokens of ordinary texts have. */
const LETTERS_PER_TOKEN = 32;

/** How rows become prompts. */
export interface PromptSettings extends Pick<DataSettings, "format" | "onError"> {
  /** Fewest and most tokens that are kept of a row's beginning; null keeps it whole. */
  readonly prefixTokens: readonly [number, number] | null;
  /** Whether prompts that came before are left out. */
  readonly unique: boolean;
  /** Longer prompts are bad rows; null leaves the limit to the model. */
  readonly maxPromptLength: number | null;
}

/** Reads the settings of prompts from those of their data, whose other keys the caller reads. */
export function readPromptSettings(own: OptionReader): PromptSettings {
  return {
    format: own.choice("format", "auto", ["auto", ...FORMAT_NAMES] as const),
    onError: own.choice("onError", "fail", ["fail", "drop"] as const),
    prefixTokens: readPrefix(own),
    unique: own.boolean("unique", false),
    maxPromptLength: own.has("maxPromptLength") ? own.integer("maxPromptLength", 0, 1) : null,
  };
}

function readPrefix(own: OptionReader): PromptSettings["prefixTokens"] {
  if (!own.has("prefixTokens")) return null;
  const [low, high] = own.pair("prefixTokens", [0, 0], 1, Number.MAX_SAFE_INTEGER);
  if (Number.isInteger(low) && Number.isInteger(high) && low <= high) return [low, high];
  throw own.wrong("prefixTokens", "two integers, the smaller one first");
}

/** How prompts are read, and for what. */
export interface PromptOptions extends PromptSettings {
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  /** Most tokens of a prompt that leave room for completions. */
  readonly longest: number;
  /** Of the lengths of beginnings. */
  readonly seed: number;
}

/** Prompts, and what became of other rows. */
export interface LoadedPrompts {
  /** In the order of the file. */
  readonly prompts: readonly PolicyPrompt[];
  /** Bad rows that were left out. */
  readonly bad: number;
  /** Prompts left out since they came before. */
  readonly repeated: number;
  /** About the file as a whole. */
  readonly warnings: readonly string[];
}

/**
 * Reads all prompts of a file or folder.
 * @throws DataError naming file and line of bad rows, of too long and of empty prompts, unless they
 *   are to be dropped, and when no prompt is left
 */
export async function readPrompts(path: string, options: PromptOptions): Promise<LoadedPrompts> {
  const prompts: PolicyPrompt[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  const seen = new Set<string>();
  let repeated = 0;
  for await (const item of itemsOf(path, options)) {
    if (!("row" in item)) {
      (item.isError ? problems : warnings).push(item.problem);
      continue;
    }
    const key = options.unique ? item.row.ids.join() : "";
    if (options.unique && seen.has(key)) repeated++;
    else prompts.push(item.row);
    seen.add(key);
  }
  if (problems.length > 0 && options.onError === "fail") throw badRows(path, problems);
  if (prompts.length > 0) return { prompts, bad: problems.length, repeated, warnings };
  throw new DataError(`${path}: expected prompts, got none, and ${problems.length} bad rows.`);
}

/** Lines for people: how many prompts there are, and what became of other rows. */
export function describePrompts(path: string, loaded: LoadedPrompts): string[] {
  const { prompts, bad, repeated, warnings } = loaded;
  const parts = [
    `${prompts.length} prompts`,
    ...(repeated > 0 ? [`${repeated} left out since they came before`] : []),
    ...(bad > 0 ? [`${bad} bad rows left out`] : []),
  ];
  return [...warnings.map((warning) => `warning: ${warning}`), `${path}: ${parts.join(", ")}`];
}

async function* itemsOf(path: string, options: PromptOptions): AsyncGenerator<Item<PolicyPrompt>> {
  const { first, rows } = await rowsWithFirst(path);
  const field = idField(first);
  if (field !== null) {
    requirePrefix(path, field === "ids", options);
    for await (const item of rows) {
      yield item.kind === "row"
        ? made(item, () => idPrompt(item.row, item.value, field, options))
        : bad(item);
    }
    return;
  }
  let encoder: ExampleEncoder | undefined;
  for await (const item of examples(rows, { format: options.format })) {
    if (item.kind === "left-out") continue;
    if (item.kind === "problem") yield bad(item);
    else {
      const found = options.tokenizer.require(`${path}: a data set of texts`);
      encoder ??= new ExampleEncoder(found, { appendEos: false });
      const encode = encoder;
      const text = textOf(path, item, options);
      yield made(item.source, () => textPrompt(path, item.source.row, text, encode, options));
    }
  }
}

/** The field of ids that a row has; null where it has none. */
function idField(item: SourceItem | undefined): string | null {
  if (item?.kind !== "row" || !isRow(item.value)) return null;
  const { value } = item;
  return ID_FIELDS.find((field) => field in value) ?? null;
}

/** @throws DataError for texts that are not to be cut, which are no prompts */
function requirePrefix(path: string, isText: boolean, { prefixTokens }: PromptSettings): void {
  if (!isText || prefixTokens !== null) return;
  throw new DataError(
    `${path}: expected prompts, got texts. Say how many tokens of a text are its prompt, such as ` +
      "prefixTokens: [2, 8].",
  );
}

/** What is to be continued: an example's prompt, or a text of which the beginning is. */
function textOf(path: string, item: AnyExample, options: PromptSettings): Text {
  if ("prompt" in item.example) return item.example.prompt;
  if ("text" in item.example) {
    requirePrefix(path, true, options);
    return item.example.text;
  }
  throw new DataError(
    `${path}: expected rows with prompts or texts, got examples of kind ${item.kind} ` +
      `(${item.format}).`,
  );
}

function idPrompt(
  row: number,
  value: unknown,
  field: string,
  options: PromptOptions,
): PolicyPrompt {
  if (!isRow(value)) throw new RowError("expected a row to be an object.");
  const all = Array.from(idsOf(value, field, options.config.vocabSize));
  const ids = checked(all.slice(0, prefixLength(row, options)), options);
  return { ids, text: options.tokenizer.found && decoded(options.tokenizer.found, ids) };
}

function textPrompt(
  path: string,
  row: number,
  text: Text,
  encoder: ExampleEncoder,
  options: PromptOptions,
): PolicyPrompt {
  const { tokenizer } = encoder;
  const kept = prefixLength(row, options);
  const isPlain = typeof text === "string";
  const before = isPlain ? tokenizer.frame.before.length : 0;
  const all = isPlain
    ? beginningIds(text, before + kept, encoder)
    : encoder.row(text, []).promptIds;
  requireKnownIds(path, all, options.config);
  const cut = Array.from(all.subarray(0, before + kept));
  const ids = checked(cut, options);
  return { ids, text: isPlain && cut.length === all.length ? text : decoded(tokenizer, ids) };
}

/** Ids of a text, of which the first `kept` matter: of a long one without the rest, which takes time. */
function beginningIds(text: string, kept: number, encoder: ExampleEncoder): Int32Array {
  const letters = LETTERS_PER_TOKEN * kept;
  if (text.length > letters) {
    const { promptIds } = encoder.row(text.slice(0, letters), []);
    // Where the text was cut, tokens are others.
    if (promptIds.length >= 2 * kept) return promptIds;
  }
  return encoder.row(text, []).promptIds;
}

/** How many tokens of a row are kept: a function of the seed and the row alone. */
function prefixLength(row: number, { prefixTokens, seed }: PromptOptions): number {
  if (prefixTokens === null) return Number.POSITIVE_INFINITY;
  const [low, high] = prefixTokens;
  return low + Math.floor(new RandomStream(seed, `prefix/${row}`).uniform() * (high - low + 1));
}

/** Ids that can be continued. @throws RowError for too many, or none */
function checked(
  ids: readonly number[],
  { maxPromptLength, config, longest }: PromptOptions,
): readonly number[] {
  const most = Math.min(maxPromptLength ?? Number.POSITIVE_INFINITY, longest);
  if (ids.length > most) {
    const limit = most === longest ? "which leaves room for completions" : "maxPromptLength";
    throw new RowError(
      `expected a prompt of at most ${most} tokens (${limit}), got ${ids.length}. Shorten it, or ` +
        "leave such rows out with onError: drop.",
    );
  }
  if (ids.length > 0) return ids;
  const { bos } = config.specialIds;
  if (bos !== null) return [bos];
  throw new RowError(
    "expected a prompt of at least one token, got none, and the model has no beginning-of-text " +
      "token to begin with.",
  );
}

function decoded(tokenizer: Tokenizer, ids: readonly number[]): string {
  const known = ids.filter((id) => id < tokenizer.vocabSize);
  return tokenizer.decode(known, { skipSpecialTokens: true });
}
