/** Sections of a report with the statistics. */
import { short } from "../figures/parts.ts";
import { finalEvaluation, type StudyResults } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { mean } from "../statistics/bootstrap.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { type Content, details, html, type Markup, table } from "./markup.ts";
import { difference, NONE, plain, withInterval } from "./numbers.ts";
import { type Verdict, verdictRules } from "./verdict.ts";

/** A group with its colour. */
export type Named = (group: string) => Markup;

/** The verdict with its rules. */
export function verdictSection(
  { labels }: StudyResults,
  { options }: Analysis,
  { kind, headline, sentences, limits }: Verdict,
): Markup {
  return html`<section class="verdict ${kind}" id="verdict">
<h2>Verdict</h2>
<p class="headline">${headline}</p>
<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
${limits.length > 0 ? html`<p>To bear in mind:</p><ul>${limits.map((limit) => html`<li>${limit}</li>`)}</ul>` : null}
${details(
  "How the verdict is come by",
  html`<ol>${verdictRules(labels, options.level).map((rule) => html`<li>${rule}</li>`)}</ol>`,
)}
</section>`;
}

/** Differences at fixed KL: a column for each rival. */
export function differencesTable({ comparisons }: Analysis): Markup | null {
  const kls = [
    ...new Set(comparisons.flatMap(({ differences }) => differences.map(({ kl }) => kl))),
  ];
  const rows = kls
    .sort((a, b) => a - b)
    .map((kl) => [
      `${kl}`,
      ...comparisons.map(({ differences }) => {
        const found = differences.find((entry) => entry.kl === kl);
        if (!found) return NONE;
        const side = found.low > 0 ? "above" : found.high < 0 ? "below" : "";
        return html`<span class="${side}">${difference(found)}</span>`;
      }),
    ]);
  const head = comparisons.map(({ subject, rival }) => `${subject} − ${rival}`);
  return table(["KL (nats)", ...head], rows);
}

/** Hypervolumes and what becomes of over-optimisation: a row for each group. */
export function groupsTable({ volume, overOptimisation, trends }: Analysis, named: Named): Content {
  const gains = volume
    ? html`<p>Mean gain of reward over budgets of KL up to ${short(volume.point.kl)} nats above the reference (${short(volume.point.reward)}): the dominated area from that point, over its width.</p>
${table(
  ["method", "gain of reward [interval]"],
  volume.groups.map(({ group, gain }) => [named(group), withInterval(gain)]),
)}`
    : null;
  const outcomes = {
    yes: "falls",
    no: "does not fall beyond its interval",
    "best at most KL": "is highest at most KL",
  };
  const over = overOptimisation.map(({ group, bestKl, mostKl, gold, proxy, outcome }) => [
    named(group),
    `${short(bestKl)}`,
    `${short(mostKl)}`,
    difference(gold),
    proxy === null ? NONE : plain(proxy),
    outcomes[outcome],
  ]);
  const monotone = trends.map(({ group, knob, direction, monotone: strict, seeds, tau, p }) => [
    named(group),
    `final KL ${direction} in ${knob}`,
    `${strict} of ${seeds}`,
    short(tau),
    short(p),
  ]);
  return [
    html`<h3>Hypervolume</h3>`,
    gains ?? html`<p>Without runs of the reference there is no point to measure it from.</p>`,
    html`<h3>Over-optimisation</h3>
<p>From the best policy of each seed to the one of most KL: does the gold reward fall?</p>`,
    table(
      [
        "method",
        "best at KL",
        "most KL",
        "change of gold reward",
        "change of learned reward",
        "gold reward",
      ],
      over,
    ),
    html`<h3>Does the knob set the KL?</h3>
<p>Kendall's tau within seeds, and how often random orders would have as high a one.</p>`,
    table(["method", "expected", "strictly so in seeds", "tau", "p"], monotone),
  ];
}

/** Gaps to the limit: a row for each group, a column for each KL. */
export function gapsTable({ gaps }: Analysis, named: Named): Markup | null {
  const kls = [...new Set(gaps.flatMap((own) => own.gaps.map(({ kl }) => kl)))].sort(
    (a, b) => a - b,
  );
  const rows = gaps
    .filter((own) => own.gaps.length > 0)
    .map((own) => [
      named(own.group),
      ...kls.map((kl) => withInterval(own.gaps.find((gap) => gap.kl === kl) ?? null)),
    ]);
  return table(["method", ...kls.map((kl) => `KL ${kl}`)], rows);
}

/** Settings with their final policies, means over seeds. */
export function settingsTable({ settings }: Analysis, named: Named): Markup | null {
  const rows = settings.map((summary) => {
    const { group, setting, runs, gold, kl } = summary;
    const over = (name: Measure) => plain(meanOf(summary, name));
    const troubled = runs.filter(({ status }) => status !== "ok");
    const states = troubled.map(({ status, seed }) => `seed ${seed} ${status}`).join(", ");
    return [
      named(group),
      setting,
      `${runs.length}`,
      withInterval(gold),
      withInterval(kl),
      ...(["kl_k1", "kl_k3", "proxy", "length", "eos_rate", "validity", "distinct_2"] as const).map(
        over,
      ),
      over("chosen_logp"),
      states || "ok",
    ];
  });
  return table(
    [
      ...["method", "setting", "runs", "gold reward", "KL (nats)", "KL by k1", "by k3"],
      ...[
        "learned reward",
        "length",
        "ends in EOS",
        "valid",
        "distinct-2",
        "chosen log-prob",
        "state",
      ],
    ],
    rows,
  );
}

type Measure =
  | "kl_k1"
  | "kl_k3"
  | "proxy"
  | "length"
  | "eos_rate"
  | "validity"
  | "distinct_2"
  | "chosen_logp";

/** Mean of final evaluations; null unless all runs that have one measured it. */
function meanOf({ runs }: SettingSummary, name: Measure): number | null {
  const finals = runs.map(finalEvaluation).filter((evaluation) => evaluation !== undefined);
  const values = finals.map((evaluation) => evaluation[name]).filter((x) => x !== undefined);
  return values.length > 0 && values.length === finals.length ? mean(values) : null;
}
