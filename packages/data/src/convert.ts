/** One kind of example made from another, where nothing has to be invented. */
import type { PreferencePair, RankedExample, UnpairedExample } from "./types.ts";

/** A pair as two examples, the desirable one first. */
export function unpair(pair: PreferencePair): readonly [UnpairedExample, UnpairedExample] {
  const { prompt, chosen, rejected, meta } = pair;
  const common = { prompt, ...(meta && { meta: { row: meta.row } }) };
  return [
    { ...common, completion: chosen, label: true },
    { ...common, completion: rejected, label: false },
  ];
}

/** The pairs of a ranking whose scores differ, all K (K - 1) / 2 where it has no scores. */
export function rankedPairs(ranked: RankedExample): readonly PreferencePair[] {
  const { prompt, completions, scores, meta } = ranked;
  return completions.flatMap((chosen, i) =>
    completions
      .map((rejected, j) => ({ j, pair: { prompt, chosen, rejected, ...(meta && { meta }) } }))
      .filter(({ j }) => j > i && (scores === undefined || scores[i] !== scores[j]))
      .map(({ pair }) => pair),
  );
}
