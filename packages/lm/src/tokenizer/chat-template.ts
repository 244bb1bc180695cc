/**
 * Conversations to ids, by the chat template that comes with a tokenizer. The template's own special
 * tokens become special tokens; what users write never does (see ./chat-template-guard.ts), which is
 * where this differs from transformers. No special tokens are added around: templates bring their own.
 */
import { Guard, type StandIns, withoutStandIns } from "./chat-template-guard.ts";
import { ChatTemplateError, compileTemplate, type Render } from "./chat-template-jinja.ts";
import { isObject, type TokenizerConfigJson } from "./json.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A turn of a conversation. */
export interface ChatMessage {
  /** Such as "system", "user" or "assistant"; trusted, since templates make special tokens of it. */
  readonly role: string;
  readonly content: string;
}

/** Options of {@link ChatTemplate}. */
export interface RenderOptions {
  /** Whether to end with what the model continues to give a reply. */
  readonly addGenerationPrompt: boolean;
  /** The time, local, for templates that tell the model what day it is. */
  readonly now?: Date;
  /** More for the template to see, such as `{ enable_thinking: false }`; trusted. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A conversation that ends in a reply, as a prompt and its completion. */
export interface ChatExample {
  readonly prompt: string;
  readonly completion: string;
  readonly promptIds: Int32Array;
  /** Beginning where the prompt ends; with the end-of-turn token if the template sets one. */
  readonly completionIds: Int32Array;
}

/** Names of special tokens that templates see. */
const NAMED_TOKENS = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;

/** A chat template with its tokenizer. */
export class ChatTemplate {
  /** The template itself, in Jinja. */
  readonly source: string;
  readonly #tokenizer: Tokenizer;
  readonly #render: Render;
  readonly #tokens: Readonly<Record<string, string>>;
  readonly #guard: Guard;

  /** @throws ChatTemplateError when the source is no template */
  constructor(tokenizer: Tokenizer, source: string) {
    this.source = source;
    this.#tokenizer = tokenizer;
    this.#render = compileTemplate(source);
    this.#tokens = namedTokens(tokenizer.files.config);
    this.#guard = new Guard([...tokenizer.specialIds].map((id) => tokenizer.tokenOf(id)));
  }

  /** The text that the model is given. @throws ChatTemplateError when the template refuses */
  render(messages: readonly ChatMessage[], options: RenderOptions): string {
    const { text, standIns } = this.#guarded(messages, options);
    return withoutStandIns(text, standIns);
  }

  /** Ids of {@link render}'s text. @throws as it, and as `Tokenizer.encode` */
  encode(messages: readonly ChatMessage[], options: RenderOptions): Int32Array {
    const { text, standIns } = this.#guarded(messages, options);
    return this.#tokenizer.encodeGuarded(text, standIns);
  }

  /**
   * Splits a conversation before its last reply, for training on the reply alone.
   *
   * @param messages the last one by the role "assistant"
   * @throws ChatTemplateError when the whole does not begin with the prompt, as text and as ids
   */
  example(
    messages: readonly ChatMessage[],
    options: Omit<RenderOptions, "addGenerationPrompt"> = {},
  ): ChatExample {
    const role = messages.at(-1)?.role;
    if (role !== "assistant") {
      throw new ChatTemplateError(
        `chat template: expected messages that end in one of the assistant, got ${role ?? "none"}.`,
      );
    }
    const before = this.#guarded(messages.slice(0, -1), { ...options, addGenerationPrompt: true });
    const all = this.#guarded(messages, { ...options, addGenerationPrompt: false });
    const prompt = withoutStandIns(before.text, before.standIns);
    const whole = withoutStandIns(all.text, all.standIns);
    const promptIds = this.#tokenizer.encodeGuarded(before.text, before.standIns);
    const wholeIds = this.#tokenizer.encodeGuarded(all.text, all.standIns);
    if (!whole.startsWith(prompt) || promptIds.some((id, i) => wholeIds[i] !== id)) {
      throw splitError(prompt, whole);
    }
    const completion = whole.slice(prompt.length);
    return { prompt, completion, promptIds, completionIds: wholeIds.slice(promptIds.length) };
  }

  #guarded(
    messages: readonly ChatMessage[],
    { addGenerationPrompt, now, variables = {} }: RenderOptions,
  ): { readonly text: string; readonly standIns: StandIns } {
    const contents = messages.map(({ content }) => content);
    const others = [this.source, JSON.stringify([variables, this.#tokens])];
    const { texts, standIns } = this.#guard.guard(contents, others);
    const seen = {
      ...this.#tokens,
      // Templates that can do without ask whether they are none.
      tools: null,
      documents: null,
      ...variables,
      messages: messages.map(({ role }, i) => ({ role, content: texts[i] })),
      add_generation_prompt: addGenerationPrompt,
    };
    return { text: this.#render(seen, now ?? null), standIns };
  }
}

/**
 * The chat template of a tokenizer: tokenizer_config.json's or that of chat_template.jinja.
 *
 * @param name one of several named templates; default "default"
 * @returns null if there is none
 * @throws ChatTemplateError when it is damaged, or others are there but none of this name
 */
export function chatTemplate(tokenizer: Tokenizer, name = "default"): ChatTemplate | null {
  const { chat_template: declared } = tokenizer.files.config;
  if (declared === undefined || declared === null) return null;
  if (typeof declared === "string") return new ChatTemplate(tokenizer, declared);
  const templates = new Map(Array.isArray(declared) ? declared.map(namedTemplate) : []);
  const source = templates.get(name);
  if (source !== undefined) return new ChatTemplate(tokenizer, source);
  throw new ChatTemplateError(
    `tokenizer_config.json: expected a chat_template "${name}", got ` +
      `${[...templates.keys()].join(", ") || JSON.stringify(declared).slice(0, 60)}.`,
  );
}

function namedTemplate(entry: unknown): [string, string] {
  const { name, template } = isObject(entry) ? entry : {};
  if (typeof name === "string" && typeof template === "string") return [name, template];
  throw new ChatTemplateError(
    "tokenizer_config.json: expected a name and a template in every chat_template, got " +
      `${JSON.stringify(entry)?.slice(0, 60)}.`,
  );
}

function namedTokens(config: TokenizerConfigJson): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of NAMED_TOKENS) {
    const token: unknown = config[name];
    const content = isObject(token) ? token["content"] : token;
    if (typeof content === "string") tokens[name] = content;
  }
  return tokens;
}

function splitError(prompt: string, whole: string): ChatTemplateError {
  const common = [...prompt].findIndex((character, i) => whole[i] !== character);
  const at = common < 0 ? prompt.length : common;
  return new ChatTemplateError(
    "chat template: expected the conversation to begin with its prompt, got " +
      `${JSON.stringify(whole.slice(Math.max(0, at - 20), at + 40))} for ` +
      `${JSON.stringify(prompt.slice(Math.max(0, at - 20), at + 40))}. Its replies cannot be ` +
      "told from its prompts.",
  );
}
