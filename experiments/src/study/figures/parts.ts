/** Parts that figures share: axes, colours of groups, rows of data. */
import type { Json } from "../experiment.ts";
import { groupsOf, type JsonObject, type RunResult, type StudyResults } from "../results.ts";
import type { Analysis } from "../statistics/analysis.ts";
import { judgedGroups } from "../statistics/judged.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { linesOf } from "./font.ts";
import {
  type GroupStyle,
  groupStyles,
  LIGHT,
  SUBTITLE_SIZE,
  textColor,
  themeConfig,
} from "./theme.ts";

/** A specification of vega-lite. */
export type Spec = JsonObject;

/** A row of data. `text` is what a reader sees on pointing at it. */
export type Row = JsonObject;

/** What figures are made of. */
export interface FigureInputs {
  readonly results: StudyResults;
  readonly analysis: Analysis;
}

/** Room on both sides of the numbers that a domain holds, as a share of it. */
const MARGIN = 0.04;

/** Significant digits of data: more than a picture can show. */
const DIGITS = 5;

/** Longest line below a title, pixels: longer ones would make the smallest figures wider. */
const NOTE_WIDTH = 620;

/** A whole figure. @param notes below the title, each on a line of its own or more */
export function figure(title: string, notes: readonly string[], body: Spec): Spec {
  const subtitle = notes.flatMap((note) => linesOf(note, SUBTITLE_SIZE, NOTE_WIDTH));
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

/** An axis with ticks at some values, each labelled as it is. */
export function ticksAt(values: readonly number[]): Spec {
  return {
    values,
    // Of more than this Vega leaves out every other, and its formats round by their distance.
    tickCount: values.length,
    labelExpr: "format(datum.value, '~g')",
  };
}

/** A domain with a little room around some numbers; those that are missing do not count. */
export function domainOf(numbers: readonly unknown[]): readonly [number, number] {
  const known = numbers.filter((value) => typeof value === "number");
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const margin = MARGIN * (high - low || 1);
  const round = (value: number) => Number(value.toPrecision(4));
  return [round(low - margin), round(high + margin)];
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

/** Texts that stay readable above lines, in the colours of their groups. @param rows with a `name` */
export function labelLayers(
  { results }: FigureInputs,
  rows: readonly Row[],
  encoding: Spec,
): Spec[] {
  const styles = stylesOf(results);
  const all = { ...encoding, text: { field: "name", type: "nominal" } };
  const colored = styles
    .map(({ group, color }) => ({
      own: rows.filter((row) => row["group"] === group),
      mark: { color: textColor(color), fontWeight: "bold" },
    }))
    .concat({ own: rows.filter(({ group }) => group === null), mark: {} as never });
  return [
    ...(rows.length === 0
      ? []
      : [
          { data: inline(rows), mark: { type: "text", style: "halo", aria: false }, encoding: all },
        ]),
    ...colored.flatMap(({ own, mark }) =>
      own.length === 0
        ? []
        : [
            {
              data: inline(own),
              mark: { type: "text", style: "note", aria: false, ...mark },
              encoding: all,
            },
          ],
    ),
  ];
}

/** The colour or the shape of groups; together they make one legend. */
export function groupStyle(
  { results }: FigureInputs,
  shown: readonly string[],
  channel: "color" | "shape",
  legend = true,
): Spec {
  const styles = stylesOf(results).filter(({ group }) => shown.includes(group));
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
  return allGroups(results).filter((group) => present.has(group));
}

/** Styles of all groups of a study: the same in every figure and in the report. */
export function stylesOf(results: StudyResults): GroupStyle[] {
  return groupStyles(allGroups(results), results.labels.reference);
}

/** Groups of runs, and of policies that are no runs and were only judged; first those of the labels. */
function allGroups(results: StudyResults): string[] {
  const present = new Set([...groupsOf(results), ...judgedGroups(results)]);
  const listed = results.labels.groups.filter((group) => present.has(group));
  return [...new Set([...listed, ...present])];
}

/** What there is of seeds and intervals, for a note below the title. */
export function intervalNote({ results, analysis }: FigureInputs): string {
  const count = results.seeds.length;
  const seeds = count === 1 ? "1 seed" : `${count} seeds`;
  const over = count === 1 ? "test prompts" : "seeds and test prompts";
  return `${seeds}; bars: ${analysis.options.level * 100} % bootstrap intervals over ${over}`;
}

/** Name and value of the knob of a setting; undefined for settings that have none. */
export function knobOf({
  setting,
}: Pick<SettingSummary, "setting">):
  | { readonly symbol: string; readonly value: string }
  | undefined {
  const [, symbol, value] = /^(.+?)[\s=]+(-?[\d.]+(?:e-?\d+)?)$/.exec(setting) ?? [];
  return symbol === undefined || value === undefined ? undefined : { symbol, value };
}

/** A number to three digits. */
export function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}

/** Name of a run for readers. */
export function runName({ label, seed }: RunResult): string {
  return `${label}, seed ${seed}`;
}
