/** A quantity over training: a panel for each group, a line for each setting, named at its end. */
import type { Evaluation } from "../results.ts";
import { mean } from "../statistics/bootstrap.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import {
  axis,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  type Row,
  type Spec,
  short,
  TOLD,
} from "./parts.ts";

const COLUMNS = 3;
const PANEL = { width: 190, height: 150 } as const;

/** Least distance of the names of two lines, as a share of the panel's height. */
const NAME_DISTANCE = 0.085;

/** Gold reward over training; null when nothing was evaluated twice. */
export function learningFigure(inputs: FigureInputs): Spec | null {
  const { reward } = inputs.results.labels;
  return curves(inputs, "Learning curves", reward, (evaluation) => evaluation.gold);
}

/** Log-probability of chosen completions over training; null when it was not measured. */
export function chosenFigure(inputs: FigureInputs): Spec | null {
  return curves(
    inputs,
    "Log-probability of chosen completions",
    "change since the start (nats)",
    ({ chosen_logp }, first) =>
      chosen_logp === undefined || first.chosen_logp === undefined
        ? undefined
        : chosen_logp - first.chosen_logp,
  );
}

/** @param valueOfStep undefined where it was not measured */
function curves(
  inputs: FigureInputs,
  title: string,
  name: string,
  valueOfStep: (evaluation: Evaluation, first: Evaluation) => number | undefined,
): Spec | null {
  const lines = inputs.analysis.settings
    .map((setting) => ({ setting, rows: curveOf(setting, valueOfStep) }))
    .filter(({ rows }) => rows.length > 1);
  if (lines.length === 0) return null;
  const rows = lines.flatMap((line) => line.rows);
  const domain = domainOf(rows);
  const groups = groupsAmong(inputs, rows);
  const x = axis("examples", "examples", { axis: { format: "~s", tickCount: 4 } });
  const y = axis("value", name, { scale: { domain, nice: false, zero: false } });
  const color = groupStyle(inputs, groups, "color", false);
  const note =
    inputs.results.seeds.length === 1
      ? []
      : ["Lines: means over seeds. Bands: least to most of a seed"];
  return figure(title, note, {
    data: inline([...rows, ...nameRows(lines, domain)]),
    facet: { field: "group", type: "nominal", sort: groups, title: null },
    columns: COLUMNS,
    // Panels alone are laid out: names of lines go beyond them.
    bounds: "flush",
    spacing: { row: 86, column: 104 },
    resolve: { scale: { x: "independent" }, axis: { x: "independent" } },
    spec: {
      ...PANEL,
      layer: [
        {
          transform: [{ filter: "datum.name === null" }],
          mark: { type: "area", opacity: 0.15, aria: false },
          encoding: {
            x,
            y: axis("low", name),
            y2: { field: "high" },
            color,
            detail: { field: "setting" },
          },
        },
        {
          transform: [{ filter: "datum.name === null" }],
          mark: { type: "line", strokeWidth: 1.6, aria: false },
          encoding: { x, y, color, detail: { field: "setting" } },
        },
        {
          transform: [{ filter: "datum.name === null" }],
          mark: { type: "point", filled: true, size: 14, opacity: 0.9 },
          encoding: { x, y, color, ...TOLD },
        },
        {
          transform: [{ filter: "datum.name !== null" }],
          mark: { type: "text", style: "note", align: "left", dx: 6, aria: false },
          encoding: { x, y, text: { field: "name" } },
        },
      ],
    },
  });
}

/** Means over seeds at the steps that every seed has. */
function curveOf(
  { group, label, setting, runs }: SettingSummary,
  valueOfStep: (evaluation: Evaluation, first: Evaluation) => number | undefined,
): Row[] {
  const first = runs.map(({ evaluations }) =>
    evaluations.find((e) => valueOfStep(e, e) !== undefined),
  );
  const steps = runs[0]?.evaluations ?? [];
  return steps.flatMap(({ step, examples }) => {
    const values = runs.flatMap(({ evaluations }, i) => {
      const own = evaluations.find((evaluation) => evaluation.step === step);
      const start = first[i];
      const value = own && start ? valueOfStep(own, start) : undefined;
      return value === undefined ? [] : [value];
    });
    if (values.length < runs.length || values.length === 0) return [];
    const value = mean(values);
    const text = `${label}, step ${step}: ${short(value)}`;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [{ group, setting, examples, value, low, high, text, name: null }];
  });
}

/** Names at the ends of lines, moved apart where lines end close together. */
function nameRows(
  lines: readonly { readonly setting: SettingSummary; readonly rows: readonly Row[] }[],
  [low, high]: readonly [number, number],
): Row[] {
  const gap = NAME_DISTANCE * (high - low);
  const groups = new Set(lines.map(({ setting }) => setting.group));
  return [...groups].flatMap((group) => {
    const own = lines.filter(({ setting }) => setting.group === group);
    const ends = own.map(({ rows }) => rows.at(-1) as Row);
    const order = ends
      .map((end, i) => ({ end, name: own[i]?.setting.setting ?? "" }))
      .sort((a, b) => Number(a.end["value"]) - Number(b.end["value"]));
    const places = spread(
      order.map(({ end }) => Number(end["value"])),
      { gap, low: low + gap / 2, high: high - gap / 2 },
    );
    const right = Math.max(...ends.map((end) => Number(end["examples"])));
    return order.map(({ end, name }, i) => ({
      ...end,
      ...{ name, examples: right, value: places[i] as number },
    }));
  });
}

/** Where names may go. */
export interface Places {
  /** Least distance of neighbours. */
  readonly gap: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Ascending values moved so that neighbours are `gap` apart and all lie between `low` and `high`, if
 * there is room for that.
 */
export function spread(values: readonly number[], { gap, low, high }: Places): number[] {
  const up: number[] = [];
  for (const value of values) up.push(Math.max(value, (up.at(-1) ?? low - gap) + gap));
  const down: number[] = [];
  for (const value of [...values].reverse()) {
    down.push(Math.min(value, (down.at(-1) ?? high + gap) - gap));
  }
  down.reverse();
  // Pushed up from below or down from above, neighbours are apart: so they are half way between.
  const middle = up.map((value, i) => (value + (down[i] as number)) / 2);
  const over = Math.max(0, (middle.at(-1) ?? high) - high);
  const under = Math.max(0, low - (middle[0] ?? low));
  return middle.map((value) => value - over + under);
}

function domainOf(rows: readonly Row[]): readonly [number, number] {
  const low = Math.min(...rows.map((row) => Number(row["low"])));
  const high = Math.max(...rows.map((row) => Number(row["high"])));
  const margin = 0.05 * (high - low || 1);
  const round = (value: number) => Number(value.toPrecision(4));
  return [round(low - margin), round(high + margin)];
}
