/** The hidden mood of a review, and what it makes of the opinions in a sentence. */
import { VALENCES, type Valence } from "./lexicon.ts";

/** Probabilities of valences over all moods, in the order of `VALENCES`. */
export const VALENCE_PROBABILITIES = [0.12, 0.22, 0.32, 0.22, 0.12] as const;

/** Probability of "but" between opinions of opposite signs, and between others. */
const BUT_PROBABILITY = { contrast: 0.8, other: 0.1 } as const;

/** A mood of reviews. */
export interface Mood {
  readonly name: string;
  readonly probability: number;
  /** Probabilities of valences in such reviews, in the order of `VALENCES`. */
  readonly valences: readonly number[];
}

/** What joins the two opinions of a sentence. */
export type Link = "and" | "but";

/**
 * A good mood, and a bad one that is its mirror image; with a mixed one if they leave probability.
 * Over all moods, valences have {@link VALENCE_PROBABILITIES}.
 * @param probability of the good mood, at most 0.5
 * @param shift probability that a good mood moves from -1 to 1 and from -2 to 2
 */
export function moods(
  probability: number,
  shift: { readonly mild: number; readonly strong: number },
): readonly Mood[] {
  const { mild, strong } = shift;
  const steps = [-strong, -mild, 0, mild, strong];
  const mood = (name: string, share: number, direction: number): Mood => ({
    name,
    probability: share,
    valences: VALENCE_PROBABILITIES.map((p, i) => p + direction * (steps[i] as number)),
  });
  return [
    mood("bad", probability, -1),
    mood("mixed", 1 - 2 * probability, 0),
    mood("good", probability, 1),
  ].filter((one) => one.probability > 0);
}

/** What a negated opinion word means: the opposite sign, and never strong. */
export function negated(valence: Valence): Valence {
  // Not -Math.sign, which makes -0 of 0.
  return valence === 0 ? 0 : valence > 0 ? -1 : 1;
}

/** Probability of a link after an opinion. */
export function linkProbability(mood: Mood, first: Valence, link: Link): number {
  return sum(jointWithLink(mood, first, link));
}

/**
 * Probability of an opinion's valence. Valences are independent given the mood, but the link, which
 * depends on both opinions of a sentence, is read before the second.
 */
export function valenceProbability(
  mood: Mood,
  valence: Valence,
  first: Valence | undefined,
  link: Link | undefined,
): number {
  const i = VALENCES.indexOf(valence);
  if (first === undefined || link === undefined) return mood.valences[i] as number;
  const joint = jointWithLink(mood, first, link);
  return (joint[i] as number) / sum(joint);
}

/** Probability of a link together with each valence of the opinion after it. */
function jointWithLink({ valences }: Mood, first: Valence, link: Link): number[] {
  return VALENCES.map((second, i) => {
    const but = first * second < 0 ? BUT_PROBABILITY.contrast : BUT_PROBABILITY.other;
    return (valences[i] as number) * (link === "but" ? but : 1 - but);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0);
}
