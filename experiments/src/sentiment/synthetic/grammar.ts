/**
 * The grammar of synthetic reviews. A review has a mood and so many sentences, each with two opinions:
 *
 *     sentence = "the" NOUN VERB opinion LINK opinion "."     the plot felt clever but never dull .
 *              | ADVERB opinion LINK opinion "."              overall good and not weak .
 *              | ADJECTIVE NOUN LINK ADJECTIVE NOUN "."       superb acting but dull music .
 *     opinion  = ADJECTIVE | NEGATION ADJECTIVE
 *     LINK     = "and" | "but"
 *
 * Valences of opinions are drawn independently given the mood. A negated opinion has the opposite
 * sign and is never strong: "not superb" is -1, "not awful" is 1. "but" mostly stands between
 * opinions of opposite signs, and what stands before it counts half. The numbers of moods and links
 * are in ./mood.ts, those of texts are computed in ./language.ts.
 */
import { type Automaton, buildAutomaton, type Step } from "./automaton.ts";
import { VALENCES, type Valence } from "./lexicon.ts";
import { type Link, linkProbability, type Mood, negated, valenceProbability } from "./mood.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Share of mild opinions (-1 and 1) that are said by a negation, where the sentence allows it. */
const NEGATED_SHARE = 0.3;

/** What an opinion before "but" counts. */
export const WEIGHT_BEFORE_BUT = 0.5;

/** Kinds of sentences, in the order of the grammar above. */
type Form = "subject" | "adverb" | "nounPhrases";

/** A grammar's settings. */
export interface GrammarOptions {
  readonly moods: readonly Mood[];
  /** At least 1; each has two opinions. */
  readonly sentences: number;
  /** Probabilities of the kinds of sentences. */
  readonly forms: Readonly<Record<Form, number>>;
}

/** Where a text is: all that its rest depends on, apart from the mood. */
interface Place {
  /** What comes next. */
  readonly at:
    | "begin"
    | "sentence"
    | "subject"
    | "verb"
    | "opinion"
    | "negated"
    | "noun"
    | "link"
    | "stop"
    | "nothing";
  readonly sentence: number;
  readonly form?: Form;
  /** The first opinion of the sentence, once read. */
  readonly first?: Valence;
  /** Once read; then the second opinion comes. */
  readonly link?: Link;
}

interface Grammar extends GrammarOptions {
  readonly vocabulary: Vocabulary;
}

/** The automaton of a grammar. */
export function reviewAutomaton(vocabulary: Vocabulary, options: GrammarOptions): Automaton {
  const grammar = { ...options, vocabulary };
  return buildAutomaton<Place>({ at: "begin", sentence: 0 }, (place) => stepsFrom(place, grammar));
}

function stepsFrom(place: Place, grammar: Grammar): readonly Step<Place>[] {
  const { vocabulary, moods, sentences } = grammar;
  const { sentence, link } = place;
  const always = (words: readonly number[], to: Place): Step<Place>[] => [
    { words, to, probabilities: moods.map(() => 1), points: 0 },
  ];
  switch (place.at) {
    case "begin":
      return always([vocabulary.bosId], { at: "sentence", sentence: 0 });
    case "sentence":
      return sentence < sentences
        ? sentenceStarts(sentence, grammar)
        : always([vocabulary.eosId], { at: "nothing", sentence });
    case "subject":
      return always(vocabulary.nouns, { ...place, at: "verb" });
    case "verb":
      return always(vocabulary.verbs, { ...place, at: "opinion" });
    case "opinion":
      return opinionSteps(place, grammar);
    case "negated":
      return negatedSteps(place, grammar);
    case "noun":
      return always(vocabulary.nouns, link ? { at: "stop", sentence } : { ...place, at: "link" });
    case "link":
      return linkSteps(place, grammar);
    case "stop":
      return always([vocabulary.stop], { at: "sentence", sentence: sentence + 1 });
    case "nothing":
      return [];
  }
}

/** The first word tells the form of a sentence. */
function sentenceStarts(sentence: number, grammar: Grammar): Step<Place>[] {
  const { vocabulary, forms, moods } = grammar;
  const begin = (words: readonly number[], form: Form, at: Place["at"]): Step<Place> => ({
    words,
    to: { at, sentence, form },
    probabilities: moods.map(() => forms[form]),
    points: 0,
  });
  const adjectives = opinionSteps({ at: "opinion", sentence, form: "nounPhrases" }, grammar);
  return [
    begin([vocabulary.article], "subject", "subject"),
    begin(vocabulary.adverbs, "adverb", "opinion"),
    ...adjectives.map(({ probabilities, ...step }) => ({
      ...step,
      probabilities: probabilities.map((p) => p * forms.nounPhrases),
    })),
  ];
}

/** An adjective, or a negation and then one. */
function opinionSteps(place: Place, { vocabulary, moods }: Grammar): Step<Place>[] {
  const { form, first, link } = place;
  const share = form === "nounPhrases" ? 0 : NEGATED_SHARE;
  const probability = (valence: Valence) =>
    moods.map((mood) => valenceProbability(mood, valence, first, link));
  const adjectives = VALENCES.map((valence) => {
    const kept = Math.abs(valence) === 1 ? 1 - share : 1;
    const probabilities = probability(valence).map((p) => p * kept);
    return afterOpinion(place, valence, {
      words: vocabulary.opinions.get(valence) ?? [],
      probabilities,
    });
  });
  const good = probability(1);
  const negation: Step<Place> = {
    words: vocabulary.negations,
    to: { ...place, at: "negated" },
    probabilities: probability(-1).map((bad, i) => share * (bad + (good[i] as number))),
    points: 0,
  };
  return [...adjectives, negation];
}

/** The adjective after a negation: mild and strong ones are equally likely. */
function negatedSteps(place: Place, { vocabulary, moods }: Grammar): Step<Place>[] {
  const { first, link } = place;
  return VALENCES.filter((said) => said !== 0).map((said) => {
    const meant = negated(said);
    const probabilities = moods.map((mood) => {
      const of = (valence: Valence) => valenceProbability(mood, valence, first, link);
      return of(meant) / (of(-1) + of(1)) / 2;
    });
    const words = vocabulary.opinions.get(said) ?? [];
    return afterOpinion(place, meant, { words, probabilities });
  });
}

/** The step that ends an opinion. What first opinions count is known at the link only. */
function afterOpinion(
  { sentence, form, link }: Place,
  valence: Valence,
  step: Pick<Step<Place>, "words" | "probabilities">,
): Step<Place> {
  const isPhrase = form === "nounPhrases";
  if (link) {
    const to: Place = isPhrase ? { at: "noun", sentence, link } : { at: "stop", sentence };
    return { ...step, to, points: valence };
  }
  const to: Place = {
    at: isPhrase ? "noun" : "link",
    sentence,
    ...(form && { form }),
    first: valence,
  };
  return { ...step, to, points: 0 };
}

function linkSteps(place: Place, { vocabulary, moods }: Grammar): Step<Place>[] {
  const first = place.first as Valence;
  return (["and", "but"] as const).map((link) => ({
    words: [vocabulary[link]],
    to: { ...place, at: "opinion", link },
    probabilities: moods.map((mood) => linkProbability(mood, first, link)),
    points: link === "but" ? WEIGHT_BEFORE_BUT * first : first,
  }));
}
