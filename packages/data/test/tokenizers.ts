/** Small tokenizers for tests. */
import { Tokenizer, trainByteLevelBpe, wordLevelFiles } from "@preflab/lm";

const TEXT =
  "the sky is blue. the sky is green. what is better than ugly? beautiful is better than ugly.\n" +
  "explicit is better than implicit. hello world, hello there. the the the is is is better better";

/** Byte-level BPE in which " blue" and "the" are tokens; end of text is id 0, no BOS. */
export function bpeTokenizer(config: Readonly<Record<string, unknown>> = {}): Tokenizer {
  const files = trainByteLevelBpe([TEXT, TEXT], {
    vocabSize: 330,
    specialTokens: ["<|im_start|>", "<|im_end|>"],
  });
  return new Tokenizer(files.tokenizer, { ...files.config, ...config });
}

/** Whole words a to f, with ids from 0, and a beginning-of-text token before a text. */
export function wordTokenizer(): Tokenizer {
  const { tokenizer, config } = wordLevelFiles(["a", "b", "c", "d", "e", "f"]);
  return new Tokenizer(tokenizer, config);
}

/** A template of turns, each ended by a special token. */
export const CHATML: string =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
