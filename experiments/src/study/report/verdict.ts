/**
 * The verdict on a study's claim, computed by rules that are the same for every outcome. Nothing here
 * knows which outcome anyone hopes for.
 */
import { short } from "../figures/parts.ts";
import type { StudyResults } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { type Comparison, LEAST_GRID } from "../statistics/compare.ts";
import { difference, NONE, withInterval } from "./numbers.ts";

/** Seeds that a verdict on methods, not only on these runs, needs. */
const SEEDS_NEEDED = 5;

/** The verdict in words. */
export interface Verdict {
  readonly kind: "supported" | "contradicted" | "undecided";
  /** One line. */
  readonly headline: string;
  /** A sentence for every rival, with its numbers. */
  readonly sentences: readonly string[];
  /** What limits it: seeds, selection, runs that failed. */
  readonly limits: readonly string[];
}

/** How a verdict is reached, for readers. */
export function verdictRules({ subject }: StudyResults["labels"], level: number): string[] {
  const percent = level * 100;
  return [
    `A method's frontier is, for each seed, the upper concave envelope of its evaluated policies: between two of them lies the policy that draws one of the two for every prompt.`,
    `Two methods are compared at fixed KL values within the range in which both were evaluated with every common seed, by the mean difference of their frontiers' rewards. Its ${percent} % interval comes from resampling seeds and test prompts, the same draws for both.`,
    `${subject} dominates a rival if the interval is above 0 at every KL, and is dominated if it is below 0 at every KL. Anything else is undecided; below ${LEAST_GRID} KL values the two are not comparable.`,
    `The claim is supported if ${subject} dominates every rival, contradicted if a rival dominates it, and otherwise undecided. With fewer than ${SEEDS_NEEDED} seeds this is said of these seeds only.`,
  ];
}

/** The verdict of a study. */
export function verdictOf(results: StudyResults, analysis: Analysis): Verdict {
  const { labels } = results;
  const { comparisons } = analysis;
  const missing = labels.rivals.filter(
    (rival) => !comparisons.some((comparison) => comparison.rival === rival),
  );
  const winners = comparisons.filter(({ outcome }) => outcome === "dominated");
  const beaten = comparisons.filter(({ outcome }) => outcome === "dominates");
  const kind =
    winners.length > 0
      ? "contradicted"
      : beaten.length > 0 && beaten.length === labels.rivals.length
        ? "supported"
        : "undecided";
  const seeds = Math.min(...comparisons.map((comparison) => comparison.seeds.length));
  return {
    kind,
    headline: capital(`${onSeeds(seeds)}${word(kind, labels, winners)}`),
    sentences: [
      ...comparisons.map((comparison) => sentence(comparison, analysis)),
      ...missing.map(
        (rival) => `${labels.subject} against ${rival}: no numbers per prompt to compare.`,
      ),
      ...volumeSentence(labels, analysis),
    ],
    limits: limitsOf(results, analysis, seeds),
  };
}

/** Beginning of a headline that holds for few seeds only; empty for enough of them. */
export function onSeeds(seeds: number): string {
  if (!(seeds < SEEDS_NEEDED)) return "";
  return seeds === 1 ? "On one seed " : `On ${seeds} seeds `;
}

function word(
  kind: Verdict["kind"],
  { claim, subject }: StudyResults["labels"],
  winners: readonly Comparison[],
): string {
  const names = winners.map(({ rival }) => rival).join(", ");
  const verdicts = {
    supported: `supported: ${claim}.`,
    contradicted: `contradicted: ${names} has more reward than ${subject} at every KL compared. The claim was that ${claim}.`,
    undecided: `undecided. These numbers neither support nor contradict that ${claim}.`,
  };
  return verdicts[kind];
}

function sentence(comparison: Comparison, { prompts, options }: Analysis): string {
  const { subject, rival, range, differences, seeds, outcome } = comparison;
  const pair = `${subject} against ${rival}`;
  if (outcome === "not comparable" || !range) {
    const where = range ? `from ${short(range.low)} to ${short(range.high)} nats` : "nowhere";
    return `${pair}: not comparable. Both were evaluated ${where}, which holds ${differences.length} of the fixed KL values.`;
  }
  const sorted = [...differences].sort((a, b) => a.mean - b.mean);
  const [least, most] = [sorted[0], sorted.at(-1)].map((at) =>
    at ? `${difference(at)} at ${at.kl}` : NONE,
  );
  const above = differences.filter(({ low }) => low > 0).length;
  const below = differences.filter(({ high }) => high < 0).length;
  const kls = differences.map(({ kl }) => kl);
  const verb = {
    dominates: "dominates",
    dominated: "is dominated",
    undecided: "undecided",
  }[outcome];
  return (
    `${pair}: ${verb}. At ${differences.length} KL values from ${kls[0]} to ${kls.at(-1)} nats its reward ` +
    `differs by ${least} to ${most} nats; the ${options.level * 100} % interval is above 0 at ` +
    `${above} of them and below 0 at ${below} (${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}, ${prompts} prompts).`
  );
}

/** Hypervolumes of the methods compared; nothing where they cannot be measured. */
function volumeSentence(
  { subject, rivals }: StudyResults["labels"],
  { volume }: Analysis,
): string[] {
  const own = volume?.groups.filter(({ group }) => [subject, ...rivals].includes(group)) ?? [];
  if (!volume || own.length === 0) return [];
  const list = own.map(({ group, gain }) => `${group} ${withInterval(gain)}`).join(", ");
  return [`Hypervolume, as the mean gain of reward up to ${short(volume.point.kl)} nats: ${list}.`];
}

/** What few seeds say less of. */
export function seedLimits(seeds: number): string[] {
  if (seeds === 1)
    return ["With one seed, intervals hold prompts only: another training may differ by more."];
  return seeds < SEEDS_NEEDED
    ? [`${seeds} seeds are fewer than the ${SEEDS_NEEDED} that a verdict on methods needs.`]
    : [];
}

function limitsOf({ runs }: StudyResults, analysis: Analysis, seeds: number): string[] {
  const count = (status: string) => runs.filter((run) => run.status === status).length;
  const [failed, collapsed] = [count("failed"), count("collapsed")];
  return [
    ...seedLimits(seeds),
    ...(analysis.isValidated
      ? []
      : [
          "Policies of a frontier were selected on the prompts that they are reported on: frontiers of methods with more policies are a little too high.",
        ]),
    ...(failed > 0 ? [`${failed} of ${runs.length} runs failed and are left out.`] : []),
    ...(collapsed > 0
      ? [`${collapsed} of ${runs.length} runs collapsed; they are in all numbers.`]
      : []),
    ...(analysis.above.length > 0
      ? [
          `${analysis.above.length} evaluations lie above the limit by more than their errors: ${analysis.above
            .slice(0, 3)
            .map(({ id, step, excess }) => `${id} at step ${step} by ${short(excess)}`)
            .join(", ")}. A few of many may do so by chance.`,
        ]
      : []),
  ];
}

/** A text that begins a sentence. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
