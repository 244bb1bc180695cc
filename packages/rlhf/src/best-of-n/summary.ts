/** What pools of completions say of best-of-n, for every n up to their size. Pure. */

import { meanAndError, RandomStream } from "@preflab/lm";
import { bestOfNKl } from "./bounds.ts";
import { bestOfN } from "./estimate.ts";

/** The numbers of a prompt's pool, `[N]` each. */
export interface PoolNumbers {
  /** Scores that completions are chosen by. */
  readonly proxy: ArrayLike<number>;
  /** Scores that are measured; null for none. */
  readonly gold: ArrayLike<number> | null;
  /** Tokens. */
  readonly lengths: ArrayLike<number>;
  /** Whether completions ended by themselves. */
  readonly finished: readonly boolean[];
}

/** Best-of-n at one n: means over prompts, and standard errors, which are null of a single prompt. */
export interface BestOfNResult {
  readonly n: number;
  readonly proxy: number;
  readonly proxyError: number | null;
  /** Null without gold scores. */
  readonly gold: number | null;
  readonly goldError: number | null;
  /** nats, see {@link bestOfNKl}. */
  readonly klBound: number;
  /** Tokens of the chosen completion. */
  readonly length: number;
  /** Share of chosen completions that ended by themselves. */
  readonly eosRate: number;
}

/** Gathers pools, of which it keeps a few numbers each. */
export interface BestOfNSummary {
  /** @throws Error for a pool smaller than the largest n, and one with gold scores among others without */
  add(pool: PoolNumbers): void;
  /** One for each n. @throws Error before the first pool */
  results(): BestOfNResult[];
}

/** A summary for some values of n. @param ns at least 1 each */
export function bestOfNSummary(ns: readonly number[]): BestOfNSummary {
  const columns = ns.map(() => ({
    proxy: [] as number[],
    gold: [] as number[],
    length: [] as number[],
    ended: [] as number[],
  }));
  let pools = 0;
  return {
    add: ({ proxy, gold, lengths, finished }) => {
      const hasGold = (columns[0]?.gold.length ?? 0) > 0;
      if (pools > 0 && hasGold !== (gold !== null)) {
        throw new Error("bestOfNSummary: expected gold scores of all pools or of none, got some.");
      }
      pools++;
      const ended = finished.map(Number);
      for (const [i, n] of ns.entries()) {
        const column = columns[i] as (typeof columns)[number];
        column.proxy.push(bestOfN(proxy, proxy, n));
        if (gold) column.gold.push(bestOfN(proxy, gold, n));
        column.length.push(bestOfN(proxy, lengths, n));
        column.ended.push(bestOfN(proxy, ended, n));
      }
    },
    results: () => {
      if (pools === 0) throw new Error("bestOfNSummary: expected at least one pool, got none.");
      const error = (numbers: readonly number[]) =>
        pools > 1 ? meanAndError(numbers).error : null;
      return ns.map((n, i) => {
        const { proxy, gold, length, ended } = columns[i] as (typeof columns)[number];
        const hasGold = gold.length > 0;
        return {
          n,
          proxy: meanAndError(proxy).mean,
          proxyError: error(proxy),
          gold: hasGold ? meanAndError(gold).mean : null,
          goldError: hasGold ? error(gold) : null,
          klBound: bestOfNKl(n),
          length: meanAndError(length).mean,
          eosRate: meanAndError(ended).mean,
        };
      });
    },
  };
}

/**
 * The completion that best-of-n gives: the best of the first n of a pool. Equal scores are decided by
 * a seeded draw.
 * @param proxy scores, `[N]`
 * @param n from 1 to N
 * @param draw the seed, and the index of the prompt
 * @returns its index in the pool
 * @throws Error where n is out of range
 */
export function bestCompletion(
  proxy: ArrayLike<number>,
  n: number,
  { seed, prompt }: { readonly seed: number; readonly prompt: number },
): number {
  if (!Number.isInteger(n) || n < 1 || n > proxy.length) {
    throw new Error(
      `bestCompletion: expected n from 1 to the ${proxy.length} completions of the pool, got ${n}.`,
    );
  }
  const scores = Array.from(proxy).slice(0, n);
  const best = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const winners = scores.flatMap((score, i) => (score === best ? [i] : []));
  const random = new RandomStream(seed, `best-of-n/${prompt}`);
  return winners[Math.floor(random.uniform() * winners.length)] as number;
}
