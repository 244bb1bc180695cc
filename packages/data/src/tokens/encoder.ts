/**
 * Texts become token ids. A prompt and its completions are each tokenised alone and joined as ids,
 * so that the ids of the prompt are the beginning of every row, whatever the tokenizer would merge
 * across the border; where it would, can be asked. Truncation is in ./truncate.ts.
 */
import { type ChatTemplate, ChatTemplateError, chatTemplate, type Tokenizer } from "@preflab/lm";
import { DataError } from "../errors.ts";
import { RowError } from "../formats/fields.ts";
import type {
  Message,
  PreferencePair,
  PromptCompletion,
  RankedExample,
  Text,
  TokenizedCompletion,
  TokenizedPair,
  TokenizedRanked,
  TokenizedUnpaired,
  UnpairedExample,
} from "../types.ts";
import { sameIds } from "./truncate.ts";

/** Options of {@link ExampleEncoder}. */
export interface EncoderOptions {
  /**
   * Whether completions that are plain texts end with the end-of-text token; default true. What
   * conversations end with is up to their template.
   */
  readonly appendEos?: boolean;
  /** Makes ids of conversations; default: the tokenizer's own. */
  readonly template?: ChatTemplate;
}

/** Ids of a prompt and of its completions. */
export interface EncodedRow {
  readonly promptIds: Int32Array;
  /** In the order given. */
  readonly completionIds: readonly Int32Array[];
}

/** Tokenises examples for one model. */
export class ExampleEncoder {
  readonly tokenizer: Tokenizer;
  readonly #appendEos: boolean;
  readonly #template: ChatTemplate | null;

  constructor(tokenizer: Tokenizer, options: EncoderOptions = {}) {
    const { appendEos = true, template } = options;
    this.tokenizer = tokenizer;
    this.#template = template ?? chatTemplate(tokenizer);
    this.#appendEos = appendEos;
  }

  /**
   * @throws RowError where a text cannot be tokenised; DataError where the tokenizer lacks the chat
   *   template or the end-of-text token that is needed
   */
  pair({ prompt, chosen, rejected, meta }: PreferencePair): TokenizedPair {
    const { promptIds, completionIds } = this.row(prompt, [chosen, rejected]);
    const [chosenIds, rejectedIds] = completionIds as [Int32Array, Int32Array];
    return { promptIds, chosenIds, rejectedIds, ...(meta && { meta }) };
  }

  /** @throws as {@link pair} */
  unpaired({ prompt, completion, label, meta }: UnpairedExample): TokenizedUnpaired {
    return { ...this.completion({ prompt, completion, ...(meta && { meta }) }), label };
  }

  /** @throws as {@link pair} */
  completion({ prompt, completion, meta }: PromptCompletion): TokenizedCompletion {
    const { promptIds, completionIds } = this.row(prompt, [completion]);
    return { promptIds, completionIds: completionIds[0] as Int32Array, ...(meta && { meta }) };
  }

  /** @throws as {@link pair} */
  ranked({ prompt, completions, meta }: RankedExample): TokenizedRanked {
    return { ...this.row(prompt, completions), ...(meta && { meta }) };
  }

  /** Ids of a prompt and of its completions. @throws as {@link pair} */
  row(prompt: Text, completions: readonly Text[]): EncodedRow {
    return typeof prompt === "string"
      ? this.#textRow(prompt, completions.map(asText))
      : this.#conversationRow(prompt, completions.map(asMessages));
  }

  /**
   * Completions whose tokenisation together with the prompt differs from the two joined: what a
   * model sees in training is then not how such a text is usually tokenised. Conversations have
   * none, since their template sets the border.
   */
  boundaryMerges(prompt: Text, completions: readonly Text[]): readonly boolean[] {
    if (typeof prompt !== "string") return completions.map(() => false);
    const alone = this.#encode(prompt);
    return completions.map(asText).map((text) => {
      const apart = joined(alone, this.#encode(text));
      return !sameIds(apart, this.#encode(prompt + text));
    });
  }

  #textRow(prompt: string, completions: readonly string[]): EncodedRow {
    const end = this.#endOfText();
    return {
      promptIds: joined(this.tokenizer.frame.before, this.#encode(prompt)),
      completionIds: completions.map((text) => joined(this.#encode(text), end)),
    };
  }

  #endOfText(): readonly number[] {
    const { eosId } = this.tokenizer;
    if (!this.#appendEos) return [];
    if (eosId !== null) return [eosId];
    throw new DataError(
      "tokenizer: expected an end-of-text token, got none. Name one in tokenizer_config.json, or " +
        "set appendEos to false; the model then never learns to stop.",
    );
  }

  #conversationRow(
    prompt: readonly Message[],
    completions: readonly (readonly Message[])[],
  ): EncodedRow {
    const promptIds = this.#applyTemplate(prompt, true);
    const completionIds = completions.map((turns) => {
      const whole = this.#applyTemplate([...prompt, ...turns], false);
      if (sameIds(whole.subarray(0, promptIds.length), promptIds)) {
        return whole.subarray(promptIds.length);
      }
      throw new RowError(
        "chat_template",
        "expected the conversation to begin with its prompt in the chat template, got other tokens.",
      );
    });
    return { promptIds, completionIds };
  }

  #applyTemplate(messages: readonly Message[], addGenerationPrompt: boolean): Int32Array {
    if (this.#template === null) {
      throw new DataError(
        "tokenizer: expected a chat template for conversations, got none. Use a model that has one, " +
          "or put its template into chat_template.jinja.",
      );
    }
    try {
      return this.#template.encode(messages, { addGenerationPrompt });
    } catch (error) {
      if (!(error instanceof ChatTemplateError)) throw untokenizable(error);
      throw new RowError("chat_template", error.message);
    }
  }

  #encode(text: string): Int32Array {
    try {
      return this.tokenizer.encode(text, { addSpecialTokens: false });
    } catch (error) {
      throw untokenizable(error);
    }
  }
}

function untokenizable(error: unknown): RowError {
  return new RowError("untokenizable", error instanceof Error ? error.message : String(error));
}

function asText(completion: Text): string {
  if (typeof completion === "string") return completion;
  throw new RowError("wrong_type", "expected completions to be texts as the prompt is.");
}

function asMessages(completion: Text): readonly Message[] {
  if (typeof completion !== "string") return completion;
  throw new RowError("wrong_type", "expected completions to be messages as the prompt is.");
}

function joined(a: ArrayLike<number>, b: ArrayLike<number>): Int32Array {
  const ids = new Int32Array(a.length + b.length);
  ids.set(a);
  ids.set(b, a.length);
  return ids;
}
