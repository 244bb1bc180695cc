/** Words as ids. The ids are those of the tokenizer that is saved with trained models. */
import { Tokenizer, type TokenizerFiles, wordLevelFiles } from "@preflab/lm";
import { FUNCTION_WORDS, type Lexicon, VALENCES, type Valence } from "./lexicon.ts";

/** Ids of a lexicon's words. Every text is BOS, words, EOS. */
export interface Vocabulary {
  /** Files for a model folder. */
  readonly files: TokenizerFiles;
  readonly tokenizer: Tokenizer;
  /** V, special tokens included. */
  readonly size: number;
  readonly bosId: number;
  readonly eosId: number;
  /** Never the same as `eosId`. */
  readonly padId: number;
  /** Ids of adjectives by valence. */
  readonly opinions: ReadonlyMap<Valence, readonly number[]>;
  readonly nouns: readonly number[];
  readonly verbs: readonly number[];
  readonly adverbs: readonly number[];
  readonly negations: readonly number[];
  readonly article: number;
  readonly and: number;
  readonly but: number;
  readonly stop: number;
}

/** Numbers the words of a lexicon. */
export function vocabularyOf(lexicon: Lexicon): Vocabulary {
  const { opinions, nouns, verbs, adverbs, negations } = lexicon;
  const { article, and, but, stop } = FUNCTION_WORDS;
  const open = [...opinions.flat(), ...nouns, ...verbs, ...adverbs, ...negations];
  const files = wordLevelFiles([...open, article, and, but, stop]);
  const tokenizer = new Tokenizer(files.tokenizer, files.config);
  const id = (word: string) => tokenizer.idOf(word) as number;
  const ids = (list: readonly string[]) => list.map(id);
  return {
    files,
    tokenizer,
    size: tokenizer.vocabSize,
    bosId: tokenizer.bosId as number,
    eosId: tokenizer.eosId as number,
    padId: tokenizer.padId as number,
    opinions: new Map(VALENCES.map((valence, i) => [valence, ids(opinions[i] ?? [])])),
    nouns: ids(nouns),
    verbs: ids(verbs),
    adverbs: ids(adverbs),
    negations: ids(negations),
    article: id(article),
    and: id(and),
    but: id(but),
    stop: id(stop),
  };
}
