/** The words of all dialogues as ids. */
import { type WordVocabulary, wordVocabulary } from "../../text/word-vocabulary.ts";
import { turnTemplate } from "../turn-template.ts";
import { FIXED, KINDS, OPENINGS, REQUESTS, SLOTS, SMALL_TALK, SPEAKERS, TOPIC } from "./lexicon.ts";

/** Words of wordings that the lexicon does not list: see ./queries.ts and ./sentences.ts. */
const FUNCTION_WORDS = "what is are which the of and or than , ? .".split(" ");

/** For conversations with models of the language. Words are told apart by spaces. */
const CHAT_TEMPLATE = turnTemplate({
  user: ` ${SPEAKERS.human}`,
  assistant: ` ${SPEAKERS.assistant}`,
  ...{ gap: " ", ended: "every" },
});

/** The words of all dialogues. */
export interface Vocabulary extends WordVocabulary {
  /** Ids of words, without BOS and EOS. @throws RangeError for words that are none of the lexicon */
  encode(text: string): number[];
  /** Ids of any text; what is no word becomes the unknown token. */
  idsOf(text: string): number[];
  /** Words of ids up to EOS; what is no word becomes the unknown token. @param ids any */
  wordsOf(ids: ArrayLike<number>): { readonly words: readonly string[]; readonly ended: boolean };
}

/** Numbers the words of the lexicon. */
export function dialogueVocabulary(): Vocabulary {
  const words = lexiconWords();
  const vocabulary = wordVocabulary(words, CHAT_TEMPLATE);
  const { tokenizer, eosId } = vocabulary;
  const idOf = new Map(words.map((word) => [word, tokenizer.idOf(word) as number]));
  const wordOf = new Map([...idOf].map(([word, id]) => [id, word]));
  const encode = (text: string): number[] =>
    text.split(" ").map((word) => {
      const id = idOf.get(word);
      if (id !== undefined) return id;
      throw new RangeError(
        `dialogueVocabulary: expected words of the lexicon, got "${word}" in "${text}".`,
      );
    });
  return {
    ...vocabulary,
    encode,
    idsOf: (text) => Array.from(tokenizer.encode(text, { addSpecialTokens: false })),
    wordsOf: (ids) => {
      const all = Array.from(ids);
      const end = all.indexOf(eosId);
      const read = end < 0 ? all : all.slice(0, end);
      return { words: read.map((id) => wordOf.get(id) ?? "<unk>"), ended: end >= 0 };
    },
  };
}

function lexiconWords(): string[] {
  const texts = [
    ...Object.values(SPEAKERS),
    ...KINDS.flatMap(({ topics, article }) => [...topics, article]),
    ...SLOTS.flatMap(({ name, verb, question, values, more = "" }) => [
      ...[name, verb, question, more],
      ...values,
    ]),
    ...Object.values(FIXED).flat(),
    ...[...OPENINGS, ...REQUESTS.flat(), ...SMALL_TALK, ...FUNCTION_WORDS],
  ];
  const words = texts.flatMap((text) => text.split(" "));
  return [...new Set(words)].filter((word) => word !== "" && word !== TOPIC);
}
