/** The prompts that models are compared on: texts, which they continue, or conversations. */
import { type ChatMessage, ChatTemplateError, chatTemplate } from "@preflab/lm";
import { endOfTurn } from "../chat/conversation.ts";
import { CommandError } from "../errors.ts";
import type { TextModel } from "../inference/model.ts";
import { isConversation } from "../inference/reward-rows.ts";
import { type PromptRow, promptRows, unknownKeyWarning } from "../inference/rows.ts";
import type { Io } from "../io.ts";
import { type JsonlRow, readJsonl } from "../jsonl.ts";

/** A prompt, the same for all models. */
export interface ComparePrompt {
  /** A text, or messages, which go through the chat template of each model. */
  readonly content: string | readonly ChatMessage[];
  readonly where: string;
}

const KEYS = ["prompt", "messages"];

/** Reads all prompts of a file. @throws CommandError for rows of another form, and when it has none */
export async function readComparePrompts(
  path: string,
  io: Pick<Io, "err">,
): Promise<readonly ComparePrompt[]> {
  const warn = unknownKeyWarning(KEYS, io);
  const prompts: ComparePrompt[] = [];
  for await (const row of readJsonl(path)) {
    warn(row);
    prompts.push({ content: contentOf(row), where: row.where });
  }
  if (prompts.length > 0) return prompts;
  throw new CommandError(`${path}: expected prompts, one JSON object per line, got none.`);
}

function contentOf({ value, where }: JsonlRow): ComparePrompt["content"] {
  const given = KEYS.filter((key) => key in value);
  const [key] = given;
  if (key === undefined || given.length > 1) {
    const keys = Object.keys(value).join(", ") || "no keys";
    throw new CommandError(`${where}: expected either prompt or messages, got ${keys}.`);
  }
  const content = value[key];
  if (key === "prompt" && typeof content === "string") return content;
  if (isConversation(content) && content.length > 0) return content;
  const expected = key === "prompt" ? "a text or messages" : "a list";
  const shown = JSON.stringify(content).slice(0, 60);
  throw new CommandError(
    `${where}: expected ${key} to be ${expected} [{"role": .., "content": ..}, ..], got ${shown}.`,
  );
}

/** @throws CommandError for conversations, which reward models know in their own template only */
export function requireTexts(prompts: readonly ComparePrompt[]): void {
  const talk = prompts.find(({ content }) => typeof content !== "string");
  if (!talk) return;
  throw new CommandError(
    `${talk.where}: expected a text, which a learned judge reads, got messages. Give ` +
      '{"prompt": "text"}, or take a judge of kind endpoint.',
  );
}

/** A prompt as one text, with the roles of messages before them: for people and judges. */
export function textOf({ content }: Pick<ComparePrompt, "content">): string {
  if (typeof content === "string") return content;
  return content.map((message) => `${message.role}: ${message.content}`).join("\n\n");
}

/** What a model reads. */
export interface ModelPrompts {
  readonly rows: readonly PromptRow[];
  /** Tokens that end a reply beside those that end a text. */
  readonly endIds: readonly number[];
}

/**
 * The prompts as tokens of a model.
 * @param name of the model, for messages
 * @throws CommandError without a tokenizer, for conversations without a chat template, and for
 *   prompts that are empty or leave no room for `maxNewTokens`
 */
export async function modelPrompts(
  prompts: readonly ComparePrompt[],
  model: TextModel,
  name: string,
  maxNewTokens: number,
  io: Io,
): Promise<ModelPrompts> {
  const tokenizer = model.tokenizer.require(`${name}: a comparison`);
  for (const warning of tokenizer.warnings) io.err(`warning: ${name}: ${warning}\n`);
  const talk = prompts.find(({ content }) => typeof content !== "string");
  const template = talk ? chatTemplate(tokenizer) : null;
  if (talk && !template) {
    throw new CommandError(
      `${talk.where}: expected a text, since ${name} has no chat template, got messages. Give ` +
        '{"prompt": "text"} in the form that the model was trained on.',
    );
  }
  const now = new Date();
  const sources = async function* (): AsyncGenerator<JsonlRow> {
    for (const { content, where } of prompts) {
      const place = `${where} for ${name}`;
      if (typeof content === "string" || !template) {
        yield { value: { prompt: content }, where: place };
        continue;
      }
      const encode = () => [...template.encode(content, { addGenerationPrompt: true, now })];
      yield { value: { ids: locating(place, encode) }, where: place };
    }
  };
  const rows: PromptRow[] = [];
  for await (const row of promptRows(sources(), model, maxNewTokens, io)) rows.push(row);
  return {
    rows,
    endIds: template ? endOfTurn(template, tokenizer, now) : [],
  };
}

/** Adds the place to errors of templates, which may refuse a conversation. */
function locating<Result>(where: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof ChatTemplateError)) throw error;
    throw new CommandError(`${where}: ${error.message}`);
  }
}
