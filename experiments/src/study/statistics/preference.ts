/**
 * What win rates say of the subject of a study, by rules that are fixed beforehand: against the
 * replies of the data, and against every other method with the same prompts.
 */
import type { ComparedPoint, ComparedPolicy } from "../comparisons.ts";
import { clusterMean, type Estimate, mean, type Resampler } from "./bootstrap.ts";
import { type JudgedSetting, type ShownSetting, winsAt } from "./judged.ts";

/** A win rate at which neither side is preferred. */
export const EVEN = 0.5;

/** How far rounding may move the mean of equal numbers; no interval of different ones is as narrow. */
const ROUNDING = 1e-9;

/**
 * - `preferred`: the interval of the difference, or of the win rate less {@link EVEN}, is above 0.
 * - `not preferred`: it is below 0.
 * - `undecided`: it holds 0.
 */
export type Preference = "preferred" | "not preferred" | "undecided";

/** A number with what follows from it. */
export interface Judged extends Estimate {
  readonly preference: Preference;
}

/** A setting against the replies of the data. */
export interface AgainstData {
  readonly setting: ShownSetting;
  readonly prompts: ComparedPoint["prompts"];
  /** Ascending. */
  readonly temperatures: readonly number[];
  /** Win rate as a mean over all temperatures: one number, so that no temperature is chosen. */
  readonly overall: Judged;
  /** At each of the temperatures. */
  readonly each: readonly Judged[];
}

/** A setting against another one: differences of their win rates on the same prompts. */
export interface AgainstRival {
  readonly subject: ShownSetting;
  readonly rival: ShownSetting;
  /** At which both were compared, ascending. */
  readonly temperatures: readonly number[];
  /** Subject minus rival, as a mean over all temperatures. */
  readonly overall: Judged;
  /** At each of the temperatures. */
  readonly each: readonly Judged[];
  /** Pairs of policies that differences were taken of. */
  readonly pairs: number;
  readonly testPrompts: number;
}

/** A setting against the replies of the data; null where it was not compared on such prompts. */
export function againstData(
  setting: ShownSetting,
  prompts: ComparedPoint["prompts"],
  resampler: Resampler,
): AgainstData | null {
  const temperatures = temperaturesOf(setting, prompts);
  if (temperatures.length === 0) return null;
  const judge = (at: readonly number[]): Judged => {
    const rows = setting.policies.map((policy) => meanWins(policy, prompts, at));
    return judged(clusterMean(rows, resampler), EVEN);
  };
  return {
    ...{ setting, prompts, temperatures },
    ...{ overall: judge(temperatures), each: temperatures.map((t) => judge([t])) },
  };
}

/**
 * A setting against another one on the test prompts. Policies of the same seed are compared; a rival
 * with one policy, such as one that needs no training, is compared with every seed.
 * @returns null without a common temperature or seed
 */
export function againstRival(
  subject: ShownSetting,
  rival: ShownSetting,
  resampler: Resampler,
): AgainstRival | null {
  const theirs = temperaturesOf(rival, "test");
  const temperatures = temperaturesOf(subject, "test").filter((t) => theirs.includes(t));
  const pairs = pairsOf(subject.policies, rival.policies);
  if (temperatures.length === 0 || pairs.length === 0) return null;
  const judge = (at: readonly number[]): Judged => {
    const rows = pairs.map(([ours, other]) => {
      const wins = meanWins(other, "test", at);
      return meanWins(ours, "test", at).map((win, p) => win - (wins[p] as number));
    });
    return judged(clusterMean(rows, resampler), 0);
  };
  const [[first]] = pairs as [readonly [ComparedPolicy, ComparedPolicy]];
  return {
    ...{ subject, rival, temperatures, pairs: pairs.length },
    testPrompts: winsAt(first, "test", temperatures[0] as number)?.length ?? 0,
    ...{ overall: judge(temperatures), each: temperatures.map((t) => judge([t])) },
  };
}

/** What an interval says of a number beside the one that means no preference. */
function judged(estimate: Estimate, even: number): Judged {
  const [above, below] = [estimate.low - even > ROUNDING, even - estimate.high > ROUNDING];
  const preference = above ? "preferred" : below ? "not preferred" : "undecided";
  return { ...estimate, preference };
}

function pairsOf(
  subject: readonly ComparedPolicy[],
  rival: readonly ComparedPolicy[],
): (readonly [ComparedPolicy, ComparedPolicy])[] {
  return subject.flatMap((ours) => {
    const other = rival.length === 1 ? rival[0] : rival.find(({ seed }) => seed === ours.seed);
    return other ? [[ours, other] as const] : [];
  });
}

function temperaturesOf({ points }: JudgedSetting, prompts: ComparedPoint["prompts"]): number[] {
  return points.filter((point) => point.prompts === prompts).map(({ temperature }) => temperature);
}

/** Wins per prompt, averaged over temperatures at which the policy was compared. */
function meanWins(
  policy: ComparedPolicy,
  prompts: ComparedPoint["prompts"],
  temperatures: readonly number[],
): number[] {
  const rows = temperatures.map((temperature) => winsAt(policy, prompts, temperature) ?? []);
  return (rows[0] ?? []).map((_, p) => mean(rows.map((row) => row[p] as number)));
}
