/** Words as ids. The ids are those of the tokenizer that is saved with trained models. */
import { Tokenizer, type TokenizerFiles, wordLevelFiles } from "@preflab/lm";
import { withChatTemplate } from "./tokenizer-stage.ts";

/** A tokenizer of whole words. Every text is BOS, words, EOS. */
export interface WordVocabulary {
  /** Files for a model folder. */
  readonly files: TokenizerFiles;
  readonly tokenizer: Tokenizer;
  /** V, special tokens included. */
  readonly size: number;
  readonly bosId: number;
  readonly eosId: number;
  /** Never the same as `eosId`. */
  readonly padId: number;
}

/** Numbers words. @param words all different @param chatTemplate of dialogues; missing for other texts */
export function wordVocabulary(words: readonly string[], chatTemplate?: string): WordVocabulary {
  const plain = wordLevelFiles(words);
  const files = chatTemplate === undefined ? plain : withChatTemplate(plain, chatTemplate);
  const tokenizer = new Tokenizer(files.tokenizer, files.config);
  return {
    files,
    tokenizer,
    size: tokenizer.vocabSize,
    bosId: tokenizer.bosId as number,
    eosId: tokenizer.eosId as number,
    padId: tokenizer.padId as number,
  };
}
