/** Sections of a report with the statistics. */
import { short } from "../figures/parts.ts";
import { finalEvaluation } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { mean } from "../statistics/bootstrap.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { type Content, details, html, type Markup, table } from "./markup.ts";
import { difference, NONE, plain, withInterval } from "./numbers.ts";
import type { Verdict } from "./verdict.ts";

/** A group with its colour. */
export type Named = (group: string) => Markup;

/** A verdict with its rules. */
export function verdictSection(
  { id, title }: { readonly id: string; readonly title: string },
  { kind, headline, sentences, limits }: Verdict,
  rules: readonly string[],
): Markup {
  return html`<section class="verdict ${kind}" id="${id}">
<h2>${title}</h2>
<p class="headline">${headline}</p>
<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
${limits.length > 0 ? html`<p>To bear in mind:</p><ul>${limits.map((limit) => html`<li>${limit}</li>`)}</ul>` : null}
${details(
  "How the verdict is reached",
  html`<ol>${rules.map((rule) => html`<li>${rule}</li>`)}</ol>`,
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
    outcome === "best at most KL" ? NONE : difference(gold),
    outcome === "best at most KL" ? NONE : plain(proxy),
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

/** Gaps to the limit: a column for each group that has any. */
export function gapsTable({ gaps }: Analysis, named: Named): Markup | null {
  const known = gaps.filter((own) => own.gaps.length > 0);
  const kls = [...new Set(known.flatMap((own) => own.gaps.map(({ kl }) => kl)))];
  const rows = kls
    .sort((a, b) => a - b)
    .map((kl) => [
      `${kl}`,
      ...known.map((own) => withInterval(own.gaps.find((gap) => gap.kl === kl) ?? null)),
    ]);
  return table(["KL (nats)", ...known.map(({ group }) => named(group))], rows);
}

/** Settings with their final policies, means over seeds; first what matters most. */
export function settingsTables({ settings }: Analysis, named: Named): Content {
  const rows = settings.map((summary) => {
    const { runs, gold, kl } = summary;
    const troubled = runs.filter(({ status }) => status !== "ok");
    const states = troubled.map(({ status, seed }) => `seed ${seed} ${status}`).join(", ");
    return [
      ...nameOf(summary, named),
      `${runs.length}`,
      withInterval(gold),
      withInterval(kl),
      plain(meanOf(summary, "proxy")),
      states || "ok",
    ];
  });
  const more = settings.map((summary) => [
    ...nameOf(summary, named),
    ...MEASURES.map(([name]) => plain(meanOf(summary, name))),
  ]);
  return [
    table(
      ["method", "setting", "runs", "gold reward", "KL (nats)", "learned reward", "state"],
      rows,
    ),
    details(
      "Other estimates of KL, length, validity, repetition, log-probability of chosen completions",
      table(["method", "setting", ...MEASURES.map(([, title]) => title)], more),
    ),
  ];
}

function nameOf({ group, setting }: SettingSummary, named: Named): Content[] {
  return [named(group), html`<span class="name">${setting}</span>`];
}

const MEASURES = [
  ["kl_k1", "KL by k1"],
  ["kl_k3", "KL by k3"],
  ["length", "length"],
  ["eos_rate", "ends in EOS"],
  ["validity", "valid"],
  ["distinct_2", "distinct-2"],
  ["chosen_logp", "chosen log-prob"],
] as const;

type Measure = (typeof MEASURES)[number][0] | "proxy";

/** Mean of final evaluations; null unless all runs that have one measured it. */
function meanOf({ runs }: SettingSummary, name: Measure): number | null {
  const finals = runs.map(finalEvaluation).filter((evaluation) => evaluation !== undefined);
  const values = finals.map((evaluation) => evaluation[name]).filter((x) => x !== undefined);
  return values.length > 0 && values.length === finals.length ? mean(values) : null;
}
