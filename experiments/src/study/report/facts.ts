/** Sections of a report with what was done: runs, costs, samples, statements, deviations, settings. */
import {
  finalEvaluation,
  groupsOf,
  type RunResult,
  type StudyResults,
  settingOf,
} from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { mean } from "../statistics/bootstrap.ts";
import { type Content, details, html, type Markup, table } from "./markup.ts";
import { duration, large, NONE, plain, withError } from "./numbers.ts";
import type { Named } from "./sections.ts";

/** Time and machine of a study, which are kept apart from its results. */
export interface StudyTimings {
  /** Such as `processor`, `cores`, `memory`, `node`, `backend`. */
  readonly machine: Readonly<Record<string, string | number>>;
  /** Stages with the seconds that they took. A run has the id of its stage. */
  readonly stages: readonly { readonly id: string; readonly seconds: number }[];
}

/** Every run. */
export function runsTable({ runs }: StudyResults, named: Named): Markup {
  const rows = [...runs].map((run) => {
    const { group, seed, status, note, target_kl: target } = run;
    const final = finalEvaluation(run);
    return [
      named(group),
      settingOf(run),
      `${seed}`,
      plain(final?.step),
      plain(final?.gold),
      plain(final?.kl),
      plain(target),
      plain(final?.proxy),
      note === undefined ? status : `${status}: ${note}`,
    ];
  });
  const head = ["method", "setting", "seed", "steps", "gold", "KL", "target", "learned", "state"];
  return details(`All ${runs.length} runs`, table(head, rows));
}

const COSTS = [
  ["gold_labels", "gold labels"],
  ["gold_queries", "gold queries"],
  ["reward_queries", "reward-model queries"],
  ["train_tokens", "tokens trained on"],
  ["sampled_tokens", "tokens sampled"],
  ["flops", "FLOPs"],
] as const;

/** Mean costs of a run, by method. */
export function costsTable(
  results: StudyResults,
  timings: StudyTimings | null,
  named: Named,
): Content {
  const seconds = new Map(timings?.stages.map((stage) => [stage.id, stage.seconds]));
  const rows = groupsOf(results).map((group) => {
    const runs = results.runs.filter((run) => run.group === group);
    const times = runs.flatMap(({ id }) => seconds.get(id) ?? []);
    return [
      named(group),
      `${runs.length}`,
      ...COSTS.map(([name]) => large(mean(runs.map(({ costs }) => costs[name])))),
      times.length === runs.length ? duration(mean(times)) : NONE,
    ];
  });
  return [
    html`<p>Means over the runs of a method, without backbone, preference data and reward model, which are shared, and without tuning.</p>`,
    table(["method", "runs", ...COSTS.map(([, name]) => name), "time"], rows),
  ];
}

/** Machine, times of stages. */
export function timingsSection(timings: StudyTimings | null): Content {
  if (!timings) return html`<p>Times were not recorded with these results.</p>`;
  const total = timings.stages.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    table(["machine", ""], Object.entries(timings.machine)),
    html`<p>${timings.stages.length} ${timings.stages.length === 1 ? "stage" : "stages"} took ${duration(total)} in all, added up; several may run at a time.</p>`,
    details(
      "Times of all stages",
      table(
        ["stage", "time"],
        timings.stages.map(({ id, seconds }) => [id, duration(seconds)]),
      ),
    ),
  ];
}

/** Completions of the same prompts by the best setting of every method, first seed. */
export function samplesSection(
  { labels }: StudyResults,
  { settings }: Analysis,
  named: Named,
): Content {
  const best = new Map<string, { reward: number; run: RunResult }>();
  for (const { group, gold, runs } of settings) {
    const [run] = runs;
    if (!run || !gold || run.samples.length === 0) continue;
    if (gold.mean > (best.get(group)?.reward ?? -Infinity))
      best.set(group, { reward: gold.mean, run });
  }
  // What all others are compared with comes first.
  const own = [...best.values()].map(({ run }) => run);
  const isReference = ({ group }: RunResult) => group === labels.reference;
  const runs = [...own.filter(isReference), ...own.filter((run) => !isReference(run))];
  const prompts = [...new Set(runs.flatMap(({ samples }) => samples.map(({ prompt }) => prompt)))];
  const cards = (prompt: string) =>
    runs.flatMap((run) => {
      const sample = run.samples.find((one) => one.prompt === prompt);
      if (!sample) return [];
      return html`<div class="card"><p class="source">${named(run.group)} <small>${settingOf(run)}</small></p>
<blockquote>${sample.completion}</blockquote><p class="score">${labels.reward} ${plain(sample.gold)}</p></div>\n`;
    });
  return [
    html`<p>From the setting of most reward of each method, first seed; no sample was chosen by hand.</p>`,
    prompts.map(
      (prompt) =>
        html`<h3 class="prompt">“${prompt} …”</h3><div class="cards">${cards(prompt)}</div>\n`,
    ),
  ];
}

/** The checklist with outcomes as they are. */
export function statementsSection({ statements }: StudyResults): Content {
  if (statements.length === 0) return html`<p>No statements were checked with these results.</p>`;
  const count = (outcome: string) => statements.filter((one) => one.outcome === outcome).length;
  const rows = [...statements]
    .sort((a, b) => a.number - b.number)
    .map(({ number, text, where, outcome, detail }) => [
      `${number}`,
      text,
      html`<span class="outcome ${outcome.replace(" ", "-")}">${outcome}</span>`,
      detail,
      html`<code>${where}</code>`,
    ]);
  return [
    html`<p>${count("holds")} hold, ${count("fails")} fail, ${count("not applicable")} do not apply.</p>`,
    table(["", "statement", "outcome", "detail", "checked in"], rows),
  ];
}

/** Departures from the paper. */
export function deviationsTable({ deviations }: StudyResults): Content {
  const rows = deviations.map(({ item, paper, here, why }) => [item, paper, here, why]);
  return table(["", "paper", "here", "why"], rows) ?? html`<p>None.</p>`;
}

/** Best-of-n: a row for each n, with what judges say where they were asked. */
export function bestOfNTable({ best_of_n: points }: StudyResults): Markup | null {
  const ns = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b);
  const isExact = points.some(({ kl_exact }) => kl_exact !== undefined);
  const isJudged = points.some(({ win_rate }) => win_rate !== undefined);
  const rows = ns.map((n) => {
    const of = (by: "gold" | "learned") => points.find((point) => point.n === n && point.by === by);
    const reward = (by: "gold" | "learned") => {
      const point = of(by);
      return point ? withError(point.gold, point.gold_error) : NONE;
    };
    const wins = (by: "gold" | "learned") => {
      const { win_rate: rate, win_rate_error: error } = of(by) ?? {};
      return rate === undefined ? NONE : withError(rate, error ?? 0);
    };
    const any = of("gold") ?? of("learned");
    return [
      ...[`${n}`, reward("gold"), reward("learned"), plain(of("learned")?.proxy)],
      ...(isJudged ? [wins("gold"), wins("learned")] : []),
      ...[plain(any?.kl_bound), ...(isExact ? [plain(any?.kl_exact)] : [])],
    ];
  });
  return table(
    [
      ...["n", "gold reward, chosen by gold", "gold reward, chosen by learned"],
      "learned reward, chosen by it",
      ...(isJudged ? ["win rate, chosen by gold", "win rate, chosen by learned"] : []),
      ...["KL at most", ...(isExact ? ["KL exactly"] : [])],
    ],
    rows,
  );
}

/** Facts and settings as they are in results.json. */
export function configurationSection({ task, config, code }: StudyResults): Content {
  const json = (value: unknown) => html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
  return [
    html`<p>Sources: <code>${code}</code></p>`,
    details("Facts of the task", json(task)),
    details("All settings", json(config)),
  ];
}
