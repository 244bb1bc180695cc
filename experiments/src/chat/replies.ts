/** Replies of a model, shown as they come. */
import {
  createGenerator,
  DecodeStream,
  type Finish,
  type GenerateOptions,
  type Generator,
  type Tokenizer,
} from "@preflab/lm";
import { textOptions } from "../inference/generate-rows.ts";
import { endOfText, type TextModel } from "../inference/model.ts";
import type { SamplingFlags } from "../sampling.ts";
import { StopText } from "./stop-text.ts";

/** How replies are drawn. */
export interface ReplyOptions extends SamplingFlags {
  readonly maxNewTokens: number;
}

/** A reply. */
export interface Reply {
  readonly text: string;
  /** Its tokens, save an end-of-text token. */
  readonly ids: readonly number[];
  readonly finish: Finish | "interrupted";
}

/** The conversation leaves no room for a reply. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/** Gives replies, one at a time. */
export class Replies {
  readonly #model: TextModel;
  readonly #tokenizer: Tokenizer;
  readonly #options: ReplyOptions;
  readonly #generator: Generator;
  #turns = 0;

  /** @throws CommandError when the model has no tokenizer */
  constructor(model: TextModel, options: ReplyOptions) {
    this.#model = model;
    this.#tokenizer = model.tokenizer.require("chat");
    this.#options = options;
    this.#generator = createGenerator(model.config, model.params);
  }

  /**
   * Generates a reply. Every turn draws from a random stream of its own.
   *
   * @param ids what it continues
   * @param endIds tokens that end it beside the model's
   * @param show is given its text piece by piece
   * @param signal stops it; what was shown by then is the reply
   * @throws TooLongError when `ids` leave no room
   */
  async next(
    ids: readonly number[],
    endIds: readonly number[],
    show: (piece: string) => void,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { stop = [], maxNewTokens, ...sampling } = this.#options;
    const stream = new DecodeStream(this.#tokenizer, { skipSpecialTokens: true });
    const shown = new StopText(stop);
    const newIds: number[] = [];
    let text = "";
    const take = (piece: string): void => {
      text += piece;
      if (piece !== "") show(piece);
    };
    const eos = endOfText(this.#model);
    const { stopIds = [], ...decoding } = textOptions(this.#model, stop);
    const options: GenerateOptions = {
      ...sampling,
      ...decoding,
      ...(eos === undefined ? {} : { eos }),
      stopIds: [...stopIds, ...endIds],
      maxNewTokens: Math.min(maxNewTokens, this.#room(ids)),
      firstPrompt: this.#turns++,
      onToken: (token) => {
        if (token.finish !== "eos") newIds.push(token.id);
        // Rows of the embedding beyond the vocabulary have no text.
        if (token.id < this.#tokenizer.vocabSize) take(shown.push(stream.push(token.id)));
      },
      signal,
    };
    const finish = await this.#finish(ids, options);
    take(shown.push(stream.end()));
    take(shown.end());
    return { text, ids: newIds, finish };
  }

  /** Frees programs and caches, not the model. */
  dispose(): void {
    this.#generator.dispose();
  }

  async #finish(ids: readonly number[], options: GenerateOptions): Promise<Reply["finish"]> {
    try {
      const [completion] = await this.#generator.generate([ids], options);
      return completion?.finish ?? "length";
    } catch (error) {
      if (options.signal?.aborted && error === options.signal.reason) return "interrupted";
      throw error;
    }
  }

  /** How many tokens fit after `ids`. */
  #room(ids: readonly number[]): number {
    const { maxPositions } = this.#model.config;
    if (ids.length < maxPositions) return maxPositions - ids.length;
    throw new TooLongError(
      `the conversation has ${ids.length} tokens, and the model reads ${maxPositions}`,
    );
  }
}
