/** Rewards from a list of words with valences, such as AFINN or VADER's. */

import { RewardError, type RewardFunction, textOf } from "./reward-function.ts";

/** Letters, with apostrophes and hyphens inside. */
const WORD = /\p{L}+(?:['’-]\p{L}+)*/gu;

/**
 * Valences by word from lines of a word, a tab and a number; what follows a second tab is left out,
 * and so are entries that are not a single word of letters.
 * @throws RewardError naming a line without a number
 */
export function parseLexicon(text: string): Map<string, number> {
  const lexicon = new Map<string, number>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [word = "", number = ""] = line.split("\t");
    const valence = number.trim() === "" ? Number.NaN : Number(number);
    if (!Number.isFinite(valence)) {
      throw new RewardError(
        `parseLexicon: expected a word, a tab and a number in line ${i + 1}, got ` +
          `${JSON.stringify(line.slice(0, 100))}.`,
      );
    }
    const key = word.toLowerCase();
    const [first] = key.match(WORD) ?? [];
    if (first === key) lexicon.set(key, valence);
  }
  return lexicon;
}

/** Options of {@link lexiconReward}. */
export interface LexiconOptions {
  /** `sum` over words, or their `mean`, words without valence included. */
  readonly reduction: "sum" | "mean";
  /** Prompt and completion, or the completion alone. */
  readonly part: "text" | "completion";
}

/** The valence of words; 0 for texts without any. */
export function lexiconReward(
  lexicon: ReadonlyMap<string, number>,
  { reduction, part }: LexiconOptions,
): RewardFunction {
  return {
    name: "lexicon",
    score: async (inputs) =>
      inputs.map((input) => {
        const words = textOf(input, part, "lexicon reward").toLowerCase().match(WORD) ?? [];
        const sum = words.reduce((total, word) => total + (lexicon.get(word) ?? 0), 0);
        return reduction === "sum" ? sum : sum / Math.max(1, words.length);
      }),
  };
}
