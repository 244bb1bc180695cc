/** What judgements of a policy's replies add up to. Pure numbers. */
import { meanAndError } from "@preflab/lm";
import { lengthControlledWinRate } from "../../judges/statistics/length-control.ts";
import type { ComparedPoint } from "../../study/comparisons.ts";
import { mean } from "../../study/statistics/bootstrap.ts";

/** Preference where nothing speaks for either reply. */
const TIE = 0.5;

/** A reply that was judged. */
export interface JudgedReply {
  /** Number of its prompt, from 0. */
  readonly prompt: number;
  /** Tokens, EOS included. */
  readonly tokens: number;
  readonly gold: number;
  /** From 0 to 1; null where the judge was not understood. */
  readonly preference: number | null;
  /** Characters more than those of the reply that it was compared with. */
  readonly lengthDifference: number;
}

/**
 * Mean preference by prompt. Judgements that were not understood are left out; a prompt without any
 * other is a tie.
 * @param preferences consecutive ones of a prompt, `[prompts * samples]`
 */
export function preferencesByPrompt(
  preferences: readonly (number | null)[],
  samples: number,
): number[] {
  return Array.from({ length: preferences.length / samples }, (_, i) => {
    const own = preferences.slice(i * samples, (i + 1) * samples).filter((x) => x !== null);
    return own.length === 0 ? TIE : mean(own);
  });
}

/**
 * What replies at one temperature add up to.
 * @param replies as many of every prompt, those of a prompt next to each other
 */
export function pointOf(
  { prompts, temperature }: Pick<ComparedPoint, "prompts" | "temperature">,
  replies: readonly JudgedReply[],
): ComparedPoint {
  const samples = replies.filter(({ prompt }) => prompt === replies[0]?.prompt).length;
  const win = preferencesByPrompt(
    replies.map(({ preference }) => preference),
    samples,
  );
  const gold = win.map((_, i) =>
    mean(replies.slice(i * samples, (i + 1) * samples).map((reply) => reply.gold)),
  );
  const [wins, golds] = [meanAndError(win), meanAndError(gold)];
  return {
    ...{ prompts, temperature },
    ...{ win_rate: wins.mean, win_rate_error: wins.error },
    ...{ gold: golds.mean, gold_error: golds.error },
    length: mean(replies.map(({ tokens }) => tokens)),
    length_controlled: winRateAtEqualLength(replies),
    invalid: replies.filter(({ preference }) => preference === null).length,
    per_prompt: { win, gold },
  };
}

/** Null unless some replies are longer than what they are compared with and some are shorter. */
function winRateAtEqualLength(replies: readonly JudgedReply[]): number | null {
  const items = replies.flatMap(({ preference, ...reply }) =>
    preference === null ? [] : [{ ...reply, preference }],
  );
  const signs = items.map(({ lengthDifference }) => Math.sign(lengthDifference));
  if (!(signs.includes(1) && signs.includes(-1))) return null;
  return lengthControlledWinRate(items)?.rate ?? null;
}
