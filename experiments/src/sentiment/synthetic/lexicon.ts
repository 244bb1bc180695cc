/** The words that synthetic reviews are made of. What is made of them is in ./grammar.ts. */

/** How good an opinion is: from strongly negative to strongly positive. */
export const VALENCES = [-2, -1, 0, 1, 2] as const;

/** One of {@link VALENCES}. */
export type Valence = (typeof VALENCES)[number];

/** Words by what they do in a review. No word is there twice. */
export interface Lexicon {
  /** Adjectives by valence, in the order of {@link VALENCES}. */
  readonly opinions: readonly (readonly string[])[];
  /** What opinions are about. */
  readonly nouns: readonly string[];
  readonly verbs: readonly string[];
  /** What sentences without a subject begin with; they do not change the opinion. */
  readonly adverbs: readonly string[];
  /** What turns the next opinion around. */
  readonly negations: readonly string[];
}

/** Words of the grammar itself. */
export const FUNCTION_WORDS = { article: "the", and: "and", but: "but", stop: "." } as const;

/** The words of the task. */
export const FULL_LEXICON: Lexicon = {
  opinions: [
    words("awful terrible horrible dreadful atrocious abysmal dire pathetic appalling wretched"),
    words("weak dull bland flat clumsy boring stale poor tedious uneven"),
    words("average ordinary plain typical familiar simple standard modest usual routine"),
    words("good nice pleasant solid clever charming fresh enjoyable engaging likeable"),
    words(
      "superb brilliant wonderful excellent amazing outstanding perfect stunning great terrific",
    ),
  ],
  nouns: words(
    "plot story script acting cast music ending opening dialogue direction editing scenery humor " +
      "action finale premise villain hero writing design tone style theme pacing lighting setting " +
      "drama romance comedy soundtrack",
  ),
  verbs: words("is was felt seems looks remains"),
  adverbs: words("overall mostly frankly honestly clearly somehow"),
  negations: words("not never hardly"),
};

/** One word of a kind, so that all texts of a small grammar can be listed. */
export const MICRO_LEXICON: Lexicon = {
  opinions: [["awful"], ["dull"], ["plain"], ["good"], ["superb"]],
  nouns: [],
  verbs: [],
  adverbs: ["overall"],
  negations: ["not"],
};

function words(list: string): readonly string[] {
  return list.split(" ");
}
