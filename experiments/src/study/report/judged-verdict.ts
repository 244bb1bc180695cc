/**
 * The verdict on replies, computed from win rates by rules that are the same for every outcome.
 * Nothing here knows which outcome anyone hopes for.
 */

import type { Comparisons } from "../comparisons.ts";
import { accuracyText } from "../figures/judged-parts.ts";
import { short } from "../figures/parts.ts";
import type { StudyLabels } from "../results.ts";
import type { JudgedAnalysis } from "../statistics/analysis.ts";
import { mean } from "../statistics/bootstrap.ts";
import type { JudgedPoint, ShownSetting } from "../statistics/judged.ts";
import { type AgainstData, type AgainstRival, EVEN } from "../statistics/preference.ts";
import { difference, plain, share } from "./numbers.ts";
import { capital, onSeeds, seedLimits, type Verdict } from "./verdict.ts";

/** How a verdict on replies is reached, for readers. */
export function replyRules({ subject }: StudyLabels, level: number): string[] {
  const percent = level * 100;
  return [
    `The win rate of a policy is the mean preference of the judge for its replies over those of the data, ties half. It is averaged over all sampling temperatures, so that none of them is chosen.`,
    `Of a method with several settings the one of most reward on validation prompts is taken, and where that was not measured the one of most wins, which is a little too high.`,
    `Its ${percent} % interval comes from resampling seeds and test prompts. Replies are preferred to those of the data if it is above ${EVEN}, not preferred if it is below.`,
    `Two methods are compared by the difference of their win rates on the same prompts and, where both have several, with the same seeds.`,
    `The claim is that replies of ${subject} are preferred to those of the data, and that no other method wins more often. It is supported if the first holds and no interval of a difference is below 0, contradicted if the replies of the data are preferred or a difference is below 0, and otherwise undecided.`,
  ];
}

/** The verdict; null where no replies of the subject were judged. */
export function replyVerdict(
  { againstData, againstRivals }: JudgedAnalysis,
  { judge }: Comparisons,
): Verdict | null {
  const own = againstData.find(({ prompts }) => prompts === "test");
  if (!own) return null;
  const better = againstRivals.filter(({ overall }) => overall.preference === "not preferred");
  const { preference } = own.overall;
  const kind =
    preference === "not preferred" || better.length > 0
      ? "contradicted"
      : preference === "preferred"
        ? "supported"
        : "undecided";
  const seeds = own.setting.policies.length;
  return {
    kind,
    headline: capital(`${onSeeds(seeds)}${kind}: ${headline(own, better)}`),
    sentences: [...againstData.map(dataSentence), ...againstRivals.map(rivalSentence)],
    limits: [
      ...seedLimits(seeds),
      ...selectionLimits(own.setting, againstRivals),
      ...lengthLimits(own.setting),
      ...invalidLimits(own.setting),
      ...(judge.accuracy
        ? [
            `The judge: ${judge.name}. ${accuracyText(judge.accuracy)}. Errors that have nothing to do with the policies draw win rates towards ${EVEN}; others may favour one of them.`,
          ]
        : [`The judge: ${judge.name}. ${judge.about}`]),
    ],
  };
}

function headline({ setting: { label }, overall }: AgainstData, better: readonly AgainstRival[]) {
  const rate = share(overall);
  const facts = {
    preferred: `replies of ${label} are preferred to those of the data, with a win rate of ${rate}`,
    "not preferred": `the replies of the data are preferred to those of ${label}, whose win rate is ${rate}`,
    undecided: `the win rate of ${label} against the replies of the data is ${rate}`,
  }[overall.preference];
  const names = better.map(({ rival }) => rival.label).join("; ");
  if (names !== "") return `${facts}. What wins more often than it: ${names}.`;
  return overall.preference === "not preferred"
    ? `${facts}.`
    : `${facts}. No other method is seen to win more often.`;
}

const WORDS = {
  preferred: "its replies are preferred",
  "not preferred": "the replies of the data are preferred",
  undecided: "undecided",
} as const;

function dataSentence({ setting, prompts, temperatures, overall, each }: AgainstData): string {
  const where = prompts === "test" ? "against the data" : "against the data on new topics";
  const [above, below] = (["preferred", "not preferred"] as const).map(
    (wanted) => each.filter(({ preference }) => preference === wanted).length,
  );
  return (
    `${setting.label} ${where}: win rate ${share(overall)}, ${WORDS[overall.preference]}. ` +
    `At single temperatures from ${temperatures[0]} to ${temperatures.at(-1)} the interval is above ` +
    `${EVEN} at ${above} of ${each.length} and below it at ${below}.`
  );
}

function rivalSentence({ rival, overall, pairs, testPrompts }: AgainstRival): string {
  const word = {
    preferred: "wins more often",
    "not preferred": "wins less often",
    undecided: "undecided",
  }[overall.preference];
  const [policies, prompts] = [rival.policies.length, `${testPrompts} prompts`];
  const seeds = policies === 1 && pairs > 1 ? `${pairs} seeds against one policy` : counted(pairs);
  return `Against ${rival.label}: ${word}. The difference of win rates is ${difference(overall)} (${prompts}, ${seeds}).`;
}

function counted(seeds: number): string {
  return seeds === 1 ? "1 seed" : `${seeds} seeds`;
}

function selectionLimits(subject: ShownSetting, rivals: readonly AgainstRival[]): string[] {
  const all = [subject, ...rivals.map(({ rival }) => rival)];
  const chosen = all.filter(({ selection }) => selection === "test").map(({ label }) => label);
  if (chosen.length === 0) return [];
  return [
    `Chosen by their win rates on the prompts that they are reported on, which are a little too high: ${chosen.join("; ")}.`,
  ];
}

function lengthLimits({ points }: ShownSetting): string[] {
  const own = points.filter(({ prompts }) => prompts === "test");
  const known = own.flatMap(({ lengthControlled }) => lengthControlled ?? []);
  if (known.length === 0 || known.length < own.length) return [];
  const over = (measure: (point: JudgedPoint) => number) => plain(mean(own.map(measure)));
  return [
    `At equal lengths the win rate would be ${short(mean(known))} rather than ${over(({ win }) => win.mean)}; replies have ${over(({ length }) => length)} tokens. Means over temperatures.`,
  ];
}

function invalidLimits({ points }: ShownSetting): string[] {
  const count = points.reduce((sum, { invalid }) => sum + invalid, 0);
  return count === 0 ? [] : [`${count} judgements of its replies could not be understood.`];
}
