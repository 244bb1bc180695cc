/**
 * Texts become token ids. A prompt and its completions are each tokenised alone and joined as ids,
 * so that the ids of the prompt are the beginning of every row, whatever the tokenizer would merge
 * across the border; where it would, can be asked. Truncation is in ./truncate.ts.
 */
import type { Tokenizer } from "@preflab/lm";
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

/**
 * A chat template: messages as text.
 *
 * @param addGenerationPrompt whether to end with what an assistant's turn begins with
 */
export type ChatRenderer = (messages: readonly Message[], addGenerationPrompt: boolean) => string;

/** Options of {@link ExampleEncoder}. */
export interface EncoderOptions {
  /**
   * Whether completions that are plain texts end with the end-of-text token; default true. What
   * conversations end with is up to their template.
   */
  readonly appendEos?: boolean;
  /** Makes texts of conversations; without one they are an error. */
  readonly template?: ChatRenderer;
}

/** A prompt and its completions as texts that a tokenizer takes. */
interface RenderedRow {
  readonly prompt: string;
  readonly completions: readonly string[];
  /** Whether special tokens are written out, as chat templates do. */
  readonly conversational: boolean;
}

/** Tokenises examples for one model. */
export class ExampleEncoder {
  readonly tokenizer: Tokenizer;
  readonly #options: EncoderOptions;

  /** @throws DataError where end-of-text tokens are to be appended and the tokenizer has none */
  constructor(tokenizer: Tokenizer, options: EncoderOptions = {}) {
    this.tokenizer = tokenizer;
    this.#options = options;
    if ((options.appendEos ?? true) && tokenizer.eosId === null) {
      throw new DataError(
        "tokenizer: expected an end-of-text token, got none. Name one in tokenizer_config.json, or " +
          "set appendEos to false; the model then never learns to stop.",
      );
    }
  }

  /** @throws RowError where a text cannot be tokenised, DataError without a needed template */
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
  row(
    prompt: Text,
    completions: readonly Text[],
  ): { readonly promptIds: Int32Array; readonly completionIds: readonly Int32Array[] } {
    const row = this.#render(prompt, completions);
    const { eosId, frame } = this.tokenizer;
    const end =
      !row.conversational && (this.#options.appendEos ?? true) && eosId !== null ? [eosId] : [];
    // Templates write what comes before a text themselves.
    const begin = row.conversational ? [] : frame.before;
    return {
      promptIds: joined(begin, this.#encode(row.prompt, row.conversational), []),
      completionIds: row.completions.map((text) =>
        joined([], this.#encode(text, row.conversational), end),
      ),
    };
  }

  /**
   * Completions whose tokenisation together with the prompt differs from the two joined: what a
   * model sees in training is then not how such a text is usually tokenised.
   */
  boundaryMerges(prompt: Text, completions: readonly Text[]): readonly boolean[] {
    const row = this.#render(prompt, completions);
    const alone = this.#encode(row.prompt, row.conversational);
    return row.completions.map((text) => {
      const apart = joined([], alone, this.#encode(text, row.conversational));
      const together = this.#encode(row.prompt + text, row.conversational);
      return apart.length !== together.length || apart.some((id, i) => id !== together[i]);
    });
  }

  #render(prompt: Text, completions: readonly Text[]): RenderedRow {
    if (typeof prompt === "string") {
      const texts = completions.filter((text) => typeof text === "string");
      if (texts.length === completions.length) {
        return { prompt, completions: texts, conversational: false };
      }
      throw new RowError("wrong_type", "expected completions to be texts as the prompt is.");
    }
    const { template } = this.#options;
    if (template === undefined) {
      throw new DataError(
        "tokenizer: expected a chat template for conversations, got none. Use a model that has one.",
      );
    }
    const rendered = template(prompt, true);
    const rest = completions.map((turns) => {
      if (typeof turns === "string") {
        throw new RowError("wrong_type", "expected completions to be messages as the prompt is.");
      }
      const whole = template([...prompt, ...turns], false);
      if (whole.startsWith(rendered)) return whole.slice(rendered.length);
      throw new RowError(
        "template_mismatch",
        "expected the template to begin the conversation with its prompt, got another beginning.",
      );
    });
    return { prompt: rendered, completions: rest, conversational: true };
  }

  #encode(text: string, conversational: boolean): Int32Array {
    const specialText = conversational ? "token" : "text";
    try {
      return this.tokenizer.encode(text, { addSpecialTokens: false, specialText });
    } catch (error) {
      throw new RowError("untokenizable", (error as Error).message);
    }
  }
}

function joined(a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>): Int32Array {
  const ids = new Int32Array(a.length + b.length + c.length);
  ids.set(a);
  ids.set(b, a.length);
  ids.set(c, a.length + b.length);
  return ids;
}
