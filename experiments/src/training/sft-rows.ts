/**
 * Examples of supervised fine-tuning as token rows: prompts with completions, plain texts, the better
 * responses of preference pairs, and rows of ids, which are taken as they are. Bad rows are found
 * before anything starts.
 */
import {
  type AnyExample,
  DataError,
  ExampleEncoder,
  examples,
  type Message,
  type PromptCompletion,
} from "@preflab/data";
import {
  type Batches,
  chatTemplate,
  type ModelConfig,
  type TokenRow,
  truncateRows,
} from "@preflab/lm";
import type { ModelTokenizer } from "../inference/model.ts";
import type { DataSettings } from "./data-settings.ts";
import { bad, badRows, type Item, made, requireKnownIds, rowsWithFirst } from "./row-items.ts";
import { isTokenized, tokenizedRow } from "./tokenized-rows.ts";

/** What rows are read for. */
export interface SftRowOptions extends Pick<DataSettings, "format" | "onError"> {
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  /** Tokens; longer rows lose their end. */
  readonly maxLength: number;
}

/** Rows, and what became of others. */
export interface SftRows {
  readonly rows: readonly TokenRow[];
  /** Bad rows that were left out. */
  readonly bad: number;
  /** Rows that lost their end. */
  readonly truncated: number;
  /** Rows left out because no token to learn is left. */
  readonly empty: number;
  /** About the file as a whole. */
  readonly warnings: readonly string[];
}

/**
 * Reads all rows of a file or folder.
 * @throws DataError naming file and line of bad rows unless they are to be dropped, and when no row
 *   is left
 */
export async function readSftRows(path: string, options: SftRowOptions): Promise<SftRows> {
  const rows: TokenRow[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for await (const item of itemsOf(path, options)) {
    if ("row" in item) rows.push(item.row);
    else (item.isError ? problems : warnings).push(item.problem);
  }
  if (problems.length > 0 && options.onError === "fail") throw badRows(path, problems);
  const { rows: kept, truncated, dropped } = truncateRows(rows, options.maxLength);
  if (kept.length === 0) {
    throw new DataError(
      `${path}: expected rows to learn from, got none of ${rows.length + problems.length} ` +
        `(${problems.length} bad, ${dropped} without a token to learn within maxLength).`,
    );
  }
  return { rows: kept, bad: problems.length, truncated, empty: dropped, warnings };
}

/** Lines for people: how many rows there are, and what became of others. */
export function describeRows(path: string, { rows, ...others }: SftRows): string[] {
  const { bad, truncated, empty, warnings } = others;
  const parts = [
    `${rows.length} rows`,
    ...(truncated > 0 ? [`${truncated} cut to maxLength`] : []),
    ...(empty > 0 ? [`${empty} left out since nothing to learn is left of them`] : []),
    ...(bad > 0 ? [`${bad} bad ones left out`] : []),
  ];
  return [...warnings.map((warning) => `warning: ${warning}`), `${path}: ${parts.join(", ")}`];
}

/** How well packing uses the length of rows, for people. */
export function describePacking(
  { sequences, utilisation }: NonNullable<Batches["packed"]>,
  maxLength: number,
): string {
  const share = (100 * utilisation).toFixed(1);
  return `packed into ${sequences} rows of ${maxLength} tokens, ${share}% of which are used`;
}

/** Rows of ids if the first row is one, else of examples. */
async function* itemsOf(path: string, options: SftRowOptions): AsyncGenerator<Item<TokenRow>> {
  const { config, format, tokenizer } = options;
  const { first, rows } = await rowsWithFirst(path);
  if (isTokenized(first)) {
    for await (const item of rows) {
      yield item.kind === "row" ? made(item, () => tokenizedRow(item.value, config)) : bad(item);
    }
    return;
  }
  let encoder: ExampleEncoder | undefined;
  for await (const item of examples(rows, { format })) {
    if (item.kind === "left-out") continue;
    if (item.kind === "problem") yield bad(item);
    else {
      encoder ??= new ExampleEncoder(tokenizer.require(`${path}: a data set of texts`));
      const { source: place } = item;
      const part = learnedPart(path, item);
      const encode = encoder;
      yield made(place, () => encodedRow(path, part, encode, config));
    }
  }
}

function encodedRow(
  path: string,
  { prompt, completion }: PromptCompletion,
  encoder: ExampleEncoder,
  config: ModelConfig,
): TokenRow {
  const isConversation = prompt === "" && typeof completion !== "string";
  const { promptIds, completionIds } = isConversation
    ? { promptIds: new Int32Array(), completionIds: [conversationIds(path, completion, encoder)] }
    : encoder.row(prompt, [completion]);
  const [learned = new Int32Array()] = completionIds;
  const ids = new Int32Array(promptIds.length + learned.length);
  ids.set(promptIds);
  ids.set(learned, promptIds.length);
  requireKnownIds(path, ids, config);
  return { ids, completionMask: new Uint8Array(ids.length).fill(1, promptIds.length) };
}

/** What is given and what is learned of an example. */
function learnedPart(path: string, item: AnyExample): PromptCompletion {
  switch (item.kind) {
    case "prompt-completion":
      return item.example;
    case "preference":
      return { prompt: item.example.prompt, completion: item.example.chosen };
    case "labeled":
    case "language-modeling":
      return { prompt: "", completion: item.example.text };
    default:
      throw new DataError(
        `${path}: expected prompts with completions, texts or preference pairs, got examples of ` +
          `kind ${item.kind} (${item.format}).`,
      );
  }
}

/** A conversation all of which is learned. */
function conversationIds(
  path: string,
  messages: readonly Message[],
  { tokenizer }: ExampleEncoder,
): Int32Array {
  const template = chatTemplate(tokenizer);
  if (template) return template.encode(messages, { addGenerationPrompt: false });
  throw new DataError(`${path}: expected a tokenizer with a chat template for conversations.`);
}
