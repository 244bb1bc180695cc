/**
 * Exact distributions of what adds up along a text, such as points or tokens, by dynamic programming
 * over states and sums. Rewards depend on a text through the sum of points alone, so this gives the
 * distribution of rewards without a sample.
 */
import type { Arc } from "./automaton.ts";
import type { Language, Reading } from "./language.ts";

/** Probability by value of a sum. */
export type Distribution = ReadonlyMap<number, number>;

/**
 * Distribution of a sum over the rest of a text, given its beginning. What it needs of the states is
 * computed once, for all beginnings.
 * @param amount what an arc adds, for all its words alike
 */
export function sumsOf(
  language: Language,
  amount: (arc: Arc) => number,
): (reading: Reading) => Distribution {
  const byMood = language.prior.map((_, mood) => restSums(language, mood, amount));
  return ({ state, belief }) =>
    mixture(belief.map((p, mood) => [p, 0, (byMood[mood] as RestSums)(state)] as const));
}

type RestSums = (state: number) => Distribution;

function restSums({ automaton }: Language, mood: number, amount: (arc: Arc) => number): RestSums {
  const known = new Map<number, Distribution>();
  const rest: RestSums = (state) => {
    const arcs = automaton[state] as readonly Arc[];
    const found =
      known.get(state) ??
      (arcs.length === 0
        ? new Map([[0, 1]])
        : mixture(
            arcs.map((arc) => [arc.probabilities[mood] as number, amount(arc), rest(arc.next)]),
          ));
    known.set(state, found);
    return found;
  };
  return rest;
}

/** Weighted sum of distributions, each moved by a number. */
function mixture(parts: readonly (readonly [number, number, Distribution])[]): Distribution {
  const mixed = new Map<number, number>();
  for (const [weight, shift, distribution] of parts) {
    for (const [value, probability] of distribution) {
      const moved = value + shift;
      mixed.set(moved, (mixed.get(moved) ?? 0) + weight * probability);
    }
  }
  return mixed;
}
