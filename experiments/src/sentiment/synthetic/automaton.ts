/**
 * Probabilistic automata without cycles, the form that ./grammar.ts gives a language. At most one arc
 * of a state has a given word, so a text has one path at most; what stays hidden is the mood, on which
 * the probabilities of all arcs depend and which lasts for the whole text.
 */

/** One of several equally likely words, and what follows. */
export interface Arc {
  /** Ids, at least one. */
  readonly words: readonly number[];
  /** Index of a state. */
  readonly next: number;
  /** Probability of the arc, that is of all its words together, by mood. */
  readonly probabilities: readonly number[];
  /** What the arc adds to the sum of opinions, see ./gold.ts. */
  readonly points: number;
}

/** Arcs by state; texts begin at state 0 and end at the state without arcs. */
export type Automaton = readonly (readonly Arc[])[];

/** An arc that names its next state by what the state stands for. */
export interface Step<Place> extends Omit<Arc, "next"> {
  readonly to: Place;
}

/**
 * Numbers the states that can be reached.
 * @param start plain data, as all places
 * @param stepsFrom none for the end of a text. Those without words or that no mood takes are left out
 */
export function buildAutomaton<Place>(
  start: Place,
  stepsFrom: (place: Place) => readonly Step<Place>[],
): Automaton {
  const places = [start];
  const numbers = new Map([[JSON.stringify(start), 0]]);
  const numberOf = (place: Place): number => {
    const key = JSON.stringify(place);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, places.length);
    return places.push(place) - 1;
  };
  const automaton: Arc[][] = [];
  // Grows while it is gone through.
  for (const place of places) {
    const steps = stepsFrom(place).filter(
      ({ words, probabilities }) => words.length > 0 && probabilities.some((p) => p > 0),
    );
    automaton.push(steps.map(({ to, ...arc }) => ({ ...arc, next: numberOf(to) })));
  }
  return automaton;
}
