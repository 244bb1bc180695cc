/**
 * Completions of prompts, in input order and bounded memory. What a row draws depends on its number
 * in the file and the seed alone, not on how rows are grouped.
 */
import { type Completion, createGenerator, type GenerateOptions } from "@preflab/lm";
import type { SamplingFlags } from "../sampling.ts";
import { groupsOf } from "./batches.ts";
import { endOfText, type TextModel } from "./model.ts";
import type { PromptRow } from "./rows.ts";

/** Settings of {@link generateRows}. */
export interface SamplingOptions
  extends SamplingFlags,
    Required<Pick<GenerateOptions, "maxNewTokens" | "samples">> {
  /** Most completions computed together. */
  readonly batchSize: number;
  /** Tokens that end a completion beside those that end a text. Default none. */
  readonly endIds?: readonly number[];
  /** Once aborted, its reason is thrown. */
  readonly signal: AbortSignal;
}

/** A completion and where its prompt stood. */
export interface RowCompletion extends Completion {
  readonly where: string;
}

/** The completions of prompts, in their order, the samples of a prompt one after the other. */
export async function* generateRows(
  model: TextModel,
  rows: AsyncIterable<PromptRow> | Iterable<PromptRow>,
  { stop = [], batchSize, endIds = [], ...options }: SamplingOptions,
): AsyncGenerator<RowCompletion> {
  const generator = createGenerator(model.config, model.params, { maxRows: batchSize });
  const eos = endOfText(model);
  const { stopIds = [], ...decoding } = textOptions(model, stop);
  const resolved: GenerateOptions = {
    ...options,
    ...(eos === undefined ? {} : { eos }),
    ...decoding,
    stopIds: [...stopIds, ...endIds],
  };
  const promptsAtOnce = Math.max(1, Math.floor(batchSize / options.samples));
  let firstPrompt = 0;
  try {
    for await (const group of groupsOf(rows, promptsAtOnce, () => 1)) {
      const prompts = group.map(({ ids }) => ids);
      const completions = await generator.generate(prompts, { ...resolved, firstPrompt });
      firstPrompt += group.length;
      for (const completion of completions) {
        yield { ...completion, where: (group[completion.prompt] as PromptRow).where };
      }
    }
  } finally {
    generator.dispose();
  }
}

/** How completions become text, and which texts end them. */
export function textOptions(
  { tokenizer }: Pick<TextModel, "tokenizer">,
  stop: readonly string[],
): Pick<GenerateOptions, "decode" | "stopIds" | "stopStrings"> {
  const found = stop.length > 0 ? tokenizer.require("--stop") : tokenizer.found;
  if (!found) return {};
  // Texts leave special tokens out, so that these can be found as tokens only.
  const specialId = (text: string): number[] => {
    const id = found.idOf(text);
    return id !== undefined && found.specialIds.has(id) ? [id] : [];
  };
  return {
    // Rows of the embedding beyond the vocabulary have no text.
    decode: (ids) =>
      found.decode(
        ids.filter((id) => id < found.vocabSize),
        { skipSpecialTokens: true },
      ),
    stopIds: stop.flatMap(specialId),
    stopStrings: stop.filter((text) => specialId(text).length === 0),
  };
}
