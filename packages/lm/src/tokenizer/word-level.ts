/**
 * Word-level tokenizers: a closed list of words separated by white space, one id each, and an
 * unknown token for the rest. For synthetic languages. Written as a WordPiece model in which no
 * word can go on, since that is the form that both the Rust and the JavaScript library know.
 */
import { specialToken } from "./byte-level-bpe.ts";
import type { TokenizerFiles } from "./json.ts";
import { WHITE_SPACE_PATTERN } from "./patterns.ts";
import { templateFor } from "./post-processor.ts";

/** Options of {@link wordLevelFiles}. */
export interface WordLevelOptions {
  /** Default `<unk>`. */
  readonly unkToken?: string;
  /** Put before a text when asked to; default `<bos>`. */
  readonly bosToken?: string;
  /** Default `<eos>`. */
  readonly eosToken?: string;
  /** Default `<pad>`. */
  readonly padToken?: string;
}

/**
 * The files of a word-level tokenizer. Ids: the words from 0, then unknown, BOS, EOS and padding.
 * Special tokens are outside the model's vocabulary, so that a text cannot spell them. Decoding
 * puts one space between words.
 *
 * @throws if a word is empty, has white space in it or is there twice.
 */
export function wordLevelFiles(
  words: readonly string[],
  options: WordLevelOptions = {},
): TokenizerFiles {
  const { unkToken = "<unk>", bosToken = "<bos>" } = options;
  const { eosToken = "<eos>", padToken = "<pad>" } = options;
  const special = [unkToken, bosToken, eosToken, padToken];
  const tokens = [...words, ...special];
  checkWords(tokens);
  const addedTokens = special.map((token, i) => specialToken(token, words.length + i));
  const whiteSpace = { Regex: WHITE_SPACE_PATTERN };
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens,
      normalizer: null,
      pre_tokenizer: { type: "Split", pattern: whiteSpace, behavior: "Removed", invert: false },
      post_processor: templateFor([[bosToken, words.length + 1]], []),
      decoder: null,
      model: {
        type: "WordPiece",
        unk_token: unkToken,
        // The rest of a word would have to begin with a space, which words have not.
        continuing_subword_prefix: " ",
        max_input_chars_per_word: tokens.reduce(
          (most, word) => Math.max(most, [...word].length),
          0,
        ),
        vocab: Object.fromEntries([...words, unkToken].map((token, id) => [token, id])),
      },
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      unk_token: unkToken,
      bos_token: bosToken,
      eos_token: eosToken,
      pad_token: padToken,
    },
  };
}

function checkWords(words: readonly string[]): void {
  const seen = new Set<string>();
  for (const word of words) {
    if (word === "" || /\p{White_Space}/u.test(word) || seen.has(word)) {
      throw new Error(
        `wordLevelFiles: expected different words without white space, got ${JSON.stringify(word)}.`,
      );
    }
    seen.add(word);
  }
}
