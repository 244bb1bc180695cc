/**
 * The regular expressions that split text into words before byte-pair merging, in the dialect of
 * tokenizer.json (Oniguruma). They decide the ids, so each is quoted from the model that fixed it.
 */

/** GPT-2 (openai/gpt-2, encoder.py), also GPT-NeoX, Pythia and StableLM 3B. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Llama 3 (meta-llama/llama-models, tokenizer.py): at most three digits to a word. */
export const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** StableLM 2 (stabilityai/stablelm-2-1_6b, tokenization_arcade100k.py): every digit is a word. */
export const STABLELM2_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Words by white space, as word-level tokenizers see them. */
export const WHITE_SPACE_PATTERN = "\\s+";

/**
 * What the Rust library takes to be a word character outside the expressions of a file, in a class:
 * UTS #18, annex C. Its expressions leave the joiners out.
 */
export const WORD_CHARACTERS = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
