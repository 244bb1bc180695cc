/** The stage that trains a tokenizer on the texts of another stage. */
import {
  loadTokenizer,
  saveTokenizer,
  type Tokenizer,
  type TokenizerFiles,
  trainByteLevelBpe,
} from "@preflab/lm";
import type { Stage } from "../study/experiment.ts";

/** Id of the stage. */
export const TOKENIZER = "tokenizer";

/** What it is trained with. */
export interface TokenizerSettings {
  /** Tokens in all, bytes and special tokens included. */
  readonly vocabulary: number;
}

/** Where texts come from, and what the tokenizer has beside them. */
export interface TokenizerTexts {
  /** Id of the stage with the texts. */
  readonly from: string;
  /** Training texts. @param folder of the finished stage */
  readonly texts: (folder: string) => Promise<Iterable<string>>;
  /** Special tokens beside the end of a text and padding. */
  readonly specialTokens?: readonly string[];
  /** Makes ids of conversations. */
  readonly chatTemplate?: string;
}

/** Ids of special tokens. */
export interface TextEnds {
  readonly bos: number;
  /** In no text. */
  readonly eos: number;
  /** Null where the tokenizer has none. */
  readonly pad: number | null;
}

/** The stage that trains the tokenizer. */
export function tokenizerStage(
  { vocabulary }: TokenizerSettings,
  { from, texts, specialTokens = [], chatTemplate }: TokenizerTexts,
): Stage {
  return {
    id: TOKENIZER,
    title: "tokenizer",
    config: { vocabulary },
    inputs: [from],
    build: async ({ folder, input }) => {
      const files = trainByteLevelBpe(await texts(input(from)), {
        ...{ vocabSize: vocabulary, specialTokens },
      });
      await saveTokenizer(
        folder,
        chatTemplate === undefined ? files : withChatTemplate(files, chatTemplate),
      );
    },
  };
}

/**
 * The tokenizer of a finished stage, and its special ids. As GPT-2's, one token ends and begins texts.
 * @throws Error for another tokenizer
 */
export async function openTokenizer(
  folder: string,
): Promise<{ readonly tokenizer: Tokenizer; readonly ends: TextEnds }> {
  const tokenizer = await loadTokenizer(folder);
  const { bosId: bos, eosId: eos, padId: pad } = tokenizer;
  if (bos === null || eos === null) {
    throw new Error(`${folder}: expected a tokenizer with BOS and EOS.`);
  }
  return { tokenizer, ends: { bos, eos, pad } };
}

/** Files of a tokenizer that makes ids of conversations as well. @param chatTemplate in Jinja */
export function withChatTemplate(files: TokenizerFiles, chatTemplate: string): TokenizerFiles {
  return { ...files, config: { ...files.config, chat_template: chatTemplate } };
}
