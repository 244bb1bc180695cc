/** The exact entropy of a language: what no model's cross-entropy can go below. */
import type { Arc } from "./automaton.ts";
import { jointWithMoods, type Language, type Reading, total } from "./language.ts";

/** Entropy and length of texts. */
export interface LanguageEntropy {
  /** Nats. */
  readonly perText: number;
  /** Mean number of tokens that are predicted: all but BOS, so EOS too. */
  readonly tokens: number;
  /** Nats; `perText / tokens`, which is what cross-entropy per token compares with. */
  readonly perToken: number;
}

/** Digits of a belief that tell it from others; those equal up to rounding become one. */
const BELIEF_DIGITS = 12;

/**
 * Entropy of texts after a prompt, by default of whole texts. By the chain rule it is the sum of the
 * entropies of the next word over all beginnings. These need not be listed: what follows depends on
 * the state and the belief about the mood alone, and few beliefs differ, since a belief depends on
 * how often each valence was read, not on the order.
 * @param reading of the prompt; at the start, BOS is not counted as a token
 */
export function languageEntropy(
  language: Language,
  reading: Reading = language.start,
): LanguageEntropy {
  const known = new Map<string, readonly [number, number]>();
  const rest = (state: number, belief: readonly number[]): readonly [number, number] => {
    const key = `${state} ${belief.map((p) => p.toFixed(BELIEF_DIGITS)).join(" ")}`;
    const found =
      known.get(key) ?? sumOver(language.automaton[state] as readonly Arc[], belief, rest);
    known.set(key, found);
    return found;
  };
  const [perText, all] = rest(reading.state, reading.belief);
  const tokens = reading.state === language.start.state ? all - 1 : all;
  return { perText, tokens, perToken: perText / tokens };
}

/** Entropy and tokens from a state on: of the next word, and of what follows it. */
function sumOver(
  arcs: readonly Arc[],
  belief: readonly number[],
  rest: (state: number, belief: readonly number[]) => readonly [number, number],
): readonly [number, number] {
  let [entropy, tokens] = [0, arcs.length > 0 ? 1 : 0];
  for (const arc of arcs) {
    const joint = jointWithMoods(belief, arc);
    const probability = total(joint);
    if (probability === 0) continue;
    const [after, more] = rest(
      arc.next,
      joint.map((p) => p / probability),
    );
    entropy += probability * (Math.log(arc.words.length / probability) + after);
    tokens += probability * more;
  }
  return [entropy, tokens];
}
