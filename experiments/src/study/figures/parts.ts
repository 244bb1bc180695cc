/** Parts that figures share: axes, colours of groups, rows of data. */
import type { Json } from "../experiment.ts";
import { groupsOf, type JsonObject, type RunResult, type StudyResults } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { groupStyles, LIGHT, themeConfig } from "./theme.ts";

/** A specification of vega-lite. */
export type Spec = JsonObject;

/** A row of data. `text` is what a reader sees on pointing at it. */
export type Row = JsonObject;

/** What figures are made of. */
export interface FigureInputs {
  readonly results: StudyResults;
  readonly analysis: Analysis;
}

/** Room beyond the largest KL that is shown. */
const KL_MARGIN = 1.08;

/** Significant digits of data: more than a picture can show. */
const DIGITS = 5;

/** A whole figure. */
export function figure(title: string, subtitle: readonly string[], body: Spec): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: { text: title, ...(subtitle.length > 0 && { subtitle }) },
    ...body,
    config: themeConfig(LIGHT),
  };
}

/** Inline data, with numbers rounded. */
export function inline(rows: readonly Row[]): Spec {
  const short = (value: Json) =>
    typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
  return {
    values: rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, short(value)])),
    ),
  };
}

/** A numeric axis. */
export function axis(field: string, title: string | null, options: Spec = {}): Spec {
  return { field, type: "quantitative", title, ...options };
}

/** Ticks of KL that a square-root scale has room for. */
export function klTicks(most: number): number[] {
  const all = [0, 0.1, 0.25, 0.5, 1, 2, 4, 6, 8, 10, 12, 15, 20, 30, 40, 60, 80, 100];
  const least = most / 100;
  return all.filter((kl) => kl === 0 || (kl > least && kl <= most && (kl % 4 < 2 || most < 20)));
}

/** Evaluations of trained policies up to a KL. */
export function evaluationRows({ results }: FigureInputs, most: number): Row[] {
  return results.runs.flatMap((run) =>
    run.evaluations
      .filter(({ step, kl }) => step > 0 && kl <= most)
      .map(({ step, gold, proxy, kl }) => ({
        ...{ group: run.group, run: runName(run), step, kl, gold },
        ...(proxy !== undefined && { proxy }),
      })),
  );
}

/** Text of a row of {@link evaluationRows}, made when it is drawn: specifications stay small. */
export const EVALUATION_TEXT: Spec = {
  calculate:
    "datum.run + ', step ' + datum.step + ': reward ' + format(datum.gold, '.3g') + " +
    "(isValid(datum.proxy) ? ', learned ' + format(datum.proxy, '.3g') : '') + " +
    "', KL ' + format(datum.kl, '.3g')",
  as: "text",
};

/** Text that stays readable above lines. @param rows with a `name` */
export function noteLayers(rows: readonly Row[], mark: Spec, encoding: Spec): Spec[] {
  const all = { ...encoding, text: { field: "name", type: "nominal" } };
  const layer = ["halo", "note"].map((style) => ({
    mark: { type: "text", style, aria: false, ...mark },
    encoding: all,
  }));
  return rows.length === 0 ? [] : [{ data: inline(rows), layer }];
}

/** The colour or the shape of groups; together they make one legend. */
export function groupStyle(
  { results: { labels, runs } }: FigureInputs,
  shown: readonly string[],
  channel: "color" | "shape",
  legend = true,
): Spec {
  const all = groupStyles(groupsOf({ labels, runs }), labels.reference);
  const styles = all.filter(({ group }) => shown.includes(group));
  return {
    field: "group",
    type: "nominal",
    scale: {
      domain: styles.map(({ group }) => group),
      range: styles.map((style) => style[channel]),
    },
    legend: legend ? { title: null, orient: "right" } : null,
  };
}

/** What a reader is told on pointing at a mark: as text for all, and as a tooltip in editors. */
export const TOLD: Spec = {
  description: { field: "text" },
  tooltip: { field: "text", type: "nominal" },
};

/** Groups that some rows are of, in the study's order. */
export function groupsAmong({ results }: FigureInputs, rows: readonly Row[]): string[] {
  const present = new Set(rows.map(({ group }) => group));
  return groupsOf(results).filter((group) => present.has(group));
}

/**
 * Largest KL that figures show: that of the subject and its rivals, so that one collapsed run does
 * not squeeze all others.
 */
export function shownKl({ results: { labels }, analysis: { settings } }: FigureInputs): number {
  const compared = new Set([labels.subject, ...labels.rivals]);
  const klOf = (all: readonly SettingSummary[]) =>
    all.flatMap(({ kl }) => (kl ? [kl.high ?? kl.mean] : []));
  const own = klOf(settings.filter(({ group }) => compared.has(group)));
  return KL_MARGIN * Math.max(1e-3, ...(own.length > 0 ? own : klOf(settings)));
}

/** Settings whose final KL is not shown, for a note below the title. */
export function beyondNote(inputs: FigureInputs, most: number): string[] {
  const beyond = inputs.analysis.settings.filter(({ kl }) => kl && kl.mean > most);
  if (beyond.length === 0) return [];
  const named = beyond.map(({ label, kl }) => `${label} (${short(kl?.mean ?? 0)} nats)`);
  return [`Not shown, at more KL: ${named.join(", ")}`];
}

/** What there is of seeds and intervals, for a note below the title. */
export function intervalNote({ results, analysis }: FigureInputs): string {
  const { length } = results.seeds;
  const seeds = length === 1 ? "1 seed" : `${length} seeds`;
  const over = length === 1 ? "test prompts" : "seeds and test prompts";
  return `${seeds}; bars: ${analysis.options.level * 100} % bootstrap intervals over ${over}`;
}

/** A number to three digits. */
export function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

/** Name of a run for readers. */
export function runName({ label, seed }: RunResult): string {
  return `${label}, seed ${seed}`;
}
