/**
 * The gold reward: how positive a review is, by its opinions. Total: any ids have a reward, whether
 * or not the grammar has such a text. It knows words only, not how texts come about.
 */
import { WEIGHT_BEFORE_BUT } from "./grammar.ts";
import type { Valence } from "./lexicon.ts";
import { negated } from "./mood.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** How a sum of opinions becomes a reward: `sigmoid(slope * (sum - center))`. */
export interface GoldOptions {
  readonly slope: number;
  /** Sum with reward 1/2. */
  readonly center: number;
  /** Only so many opinions of a text count, the first ones, so that more of them earn nothing. */
  readonly opinions: number;
}

/** An opinion found in a text. */
export interface Opinion {
  /** Position of its adjective. */
  readonly index: number;
  /** Negation included. */
  readonly valence: Valence;
  /** Less than 1 before "but". */
  readonly weight: number;
}

/** The gold reward of a task. */
export class Gold {
  readonly options: GoldOptions;
  readonly #vocabulary: Vocabulary;
  readonly #valences: ReadonlyMap<number, Valence>;
  readonly #negations: ReadonlySet<number>;

  constructor(vocabulary: Vocabulary, options: GoldOptions) {
    this.options = options;
    this.#vocabulary = vocabulary;
    this.#negations = new Set(vocabulary.negations);
    this.#valences = new Map(
      [...vocabulary.opinions].flatMap(([valence, ids]) => ids.map((id) => [id, valence] as const)),
    );
  }

  /**
   * The opinions that count. A negation turns the next adjective around, but not across "and", "but"
   * or ".". Before "but" are those of its sentence. What follows EOS is not read, other ids are passed
   * over.
   * @param ids any
   */
  opinions(ids: ArrayLike<number>): readonly Opinion[] {
    const { and, but, stop, eosId } = this.#vocabulary;
    const found: Opinion[] = [];
    let sentence = 0;
    let isNegated = false;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] as number;
      if (id === eosId) break;
      const said = this.#valences.get(id);
      if (said !== undefined && found.length < this.options.opinions) {
        found.push({ index, valence: isNegated ? negated(said) : said, weight: 1 });
      }
      if (id === but) {
        const before = found.splice(sentence);
        found.push(...before.map((opinion) => ({ ...opinion, weight: WEIGHT_BEFORE_BUT })));
      }
      if (id === stop) sentence = found.length;
      if (this.#negations.has(id)) isNegated = true;
      else if (said !== undefined || id === and || id === but || id === stop) isNegated = false;
    }
    return found;
  }

  /** Weighted sum of the valences of all opinions; a multiple of 1/2. @param ids any */
  sum(ids: ArrayLike<number>): number {
    return this.opinions(ids).reduce((sum, { valence, weight }) => sum + valence * weight, 0);
  }

  /** The reward, in (0, 1), of a text or of a prompt with its completion. @param ids any */
  reward(ids: ArrayLike<number>): number {
    return this.rewardOf(this.sum(ids));
  }

  /** The reward of a sum of opinions. */
  rewardOf(sum: number): number {
    const { slope, center } = this.options;
    return 1 / (1 + Math.exp(-slope * (sum - center)));
  }
}
