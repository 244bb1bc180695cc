/** All texts of a small language, one by one. */
import type { Language, Reading } from "./language.ts";

/** A text and how likely it is. */
export interface ListedText {
  /** From BOS to EOS, or what follows the prompt. */
  readonly ids: readonly number[];
  /** Given the prompt. */
  readonly probability: number;
}

/**
 * All completions of a prompt, by default all texts.
 * @param most more than this is an error, before memory runs out
 * @throws RangeError where there are more, or no text begins with the prompt
 */
export function enumerateTexts(
  language: Language,
  promptIds: ArrayLike<number> = [],
  most = 30_000,
): readonly ListedText[] {
  const prompt = language.readPrompt(promptIds);
  const texts: ListedText[] = [];
  const walk = (reading: Reading, ids: readonly number[]): void => {
    if (language.isEnd(reading)) {
      texts.push({ ids, probability: Math.exp(reading.logp - prompt.logp) });
      if (texts.length > most) {
        throw new RangeError(
          `enumerateTexts: expected at most ${most} texts, got more. Use a smaller grammar.`,
        );
      }
    }
    for (const arc of language.automaton[reading.state] ?? []) {
      for (const word of arc.words) {
        const next = language.next(reading, word);
        if (next) walk(next, [...ids, word]);
      }
    }
  };
  walk(prompt, []);
  return texts;
}
