/** A panel for each group with a line for each setting, named at its end. */
import {
  axis,
  domainOf,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  knobOf,
  type Row,
  type Spec,
  TOLD,
  ticksAt,
} from "./parts.ts";

const COLUMNS = 3;
const PANEL = { width: 200, height: 150 } as const;

/** Room between panels, pixels; that of columns has the names of lines. */
const SPACING = { row: 60, column: 52 } as const;

/** Least distance of the names of two lines, as a share of the panel's height. */
const NAME_DISTANCE = 0.085;

/** What has a tick on {@link SYMMETRIC}, as its negative and 0. */
const TICKS = [1, 10, 100, 1000];

/** A scale of vega, and the same as a function with its inverse. */
export interface Scale {
  readonly spec: Spec;
  readonly ticks: Spec;
  of(value: number): number;
  inverse(place: number): number;
}

/** Values as they are. */
export const LINEAR: Scale = {
  ...{ spec: {}, ticks: {}, of: (value) => value, inverse: (place) => place },
};

/** Linear near 0, logarithmic far from it on both sides. */
export const SYMMETRIC: Scale = {
  spec: { type: "symlog", constant: 1 },
  ticks: ticksAt([...TICKS.map((value) => -value), 0, ...TICKS]),
  of: (value) => Math.sign(value) * Math.log1p(Math.abs(value)),
  inverse: (place) => Math.sign(place) * Math.expm1(Math.abs(place)),
};

/** A setting of a group, as its line is named. */
export interface LineSetting {
  readonly group: string;
  readonly setting: string;
}

/** A line with its band. */
export interface Line {
  readonly setting: LineSetting;
  /** At least two, see {@link lineRow}. */
  readonly rows: readonly Row[];
}

/** What is drawn. */
export interface Panels {
  readonly title: string;
  /** Below the title. */
  readonly notes: readonly string[];
  /** The field across, and the specification of its axis. */
  readonly across: { readonly field: string; readonly axis: Spec };
  /** Of the axis upwards. */
  readonly name: string;
  readonly scale: Scale;
  readonly lines: readonly Line[];
  /** A value that is dashed across all panels. */
  readonly rule?: number | undefined;
}

/** A point of a line. @param low of its band */
export function lineRow(
  setting: LineSetting,
  across: Row,
  value: { readonly mean: number; readonly low: number; readonly high: number },
  text: string,
): Row {
  const { mean, low, high } = value;
  return {
    ...{ group: setting.group, panel: panelOf(setting), setting: setting.setting, ...across },
    ...{ value: mean, low, high, text, name: null },
  };
}

/** The figure; null without lines. */
export function panels(inputs: FigureInputs, what: Panels): Spec | null {
  const { title, notes, across, name, scale, lines, rule } = what;
  if (lines.length === 0) return null;
  const rows = lines.flatMap((line) => line.rows);
  const extremes = [...rows.flatMap(({ low, high }) => [low, high]).map(Number), ...list(rule)];
  const domain = domainOf(extremes.map(scale.of)).map(scale.inverse) as [number, number];
  const x = across.axis;
  const y = axis("value", name, {
    scale: { domain, nice: false, zero: false, ...scale.spec },
    axis: scale.ticks,
  });
  const color = groupStyle(inputs, groupsAmong(inputs, rows), "color", false);
  return figure(title, notes, {
    data: inline([...rows, ...nameRows(what, domain)]),
    facet: {
      field: "panel",
      type: "nominal",
      sort: [...new Set(lines.map(({ setting }) => panelOf(setting)))],
      title: null,
    },
    columns: COLUMNS,
    // Panels alone are laid out: names of lines go beyond them.
    bounds: "flush",
    spacing: SPACING,
    resolve: { scale: { x: "independent" }, axis: { x: "independent" } },
    spec: {
      ...PANEL,
      layer: [
        ...list(rule).map((at) => ({
          data: inline([{ at }]),
          mark: { type: "rule", style: "guide", aria: false },
          encoding: { y: { ...y, field: "at" } },
        })),
        {
          transform: [{ filter: "datum.name === null" }],
          mark: { type: "area", opacity: 0.15, aria: false },
          encoding: {
            ...{ x, y: axis("low", name), y2: { field: "high" }, color },
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
        // Names that end on the rule are readable above it.
        ...(rule === undefined ? [] : [nameLayer({ style: "halo", fontWeight: "normal" }, x, y)]),
        nameLayer({ style: "note" }, x, y),
      ],
    },
  });
}

function nameLayer(mark: Spec, x: Spec, y: Spec): Spec {
  return {
    transform: [{ filter: "datum.name !== null" }],
    mark: { type: "text", ...mark, align: "left", dx: 6, aria: false },
    encoding: { x, y, text: { field: "name" } },
  };
}

function list(value: number | undefined): number[] {
  return value === undefined ? [] : [value];
}

/** Title of a setting's panel: its group, and what its lines are named by. */
function panelOf(setting: LineSetting): string {
  const knob = knobOf(setting);
  return knob ? `${setting.group}: ${knob.symbol}` : setting.group;
}

/** Names at the ends of lines, moved apart where lines end close together. */
function nameRows({ lines, scale, across }: Panels, domain: readonly [number, number]): Row[] {
  const [low, high] = domain.map(scale.of) as [number, number];
  const gap = NAME_DISTANCE * (high - low);
  const groups = new Set(lines.map(({ setting }) => setting.group));
  return [...groups].flatMap((group) => {
    const ends = lines
      .filter(({ setting }) => setting.group === group)
      .map(({ setting, rows }) => ({ name: nameOf(setting), end: rows.at(-1) as Row }))
      .sort((a, b) => Number(a.end["value"]) - Number(b.end["value"]));
    const places = spread(
      ends.map(({ end }) => scale.of(Number(end["value"]))),
      { gap, low: low + gap / 2, high: high - gap / 2 },
    );
    const right = Math.max(...ends.map(({ end }) => Number(end[across.field])));
    return ends.map(({ end, name }, i) => ({
      ...end,
      ...{ name, [across.field]: right, value: scale.inverse(places[i] as number) },
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
 * Ascending values moved as little as need be so that neighbours are `gap` apart, and all between
 * `low` and `high` if there is room: isotonic regression of what is left without the gaps.
 */
export function spread(values: readonly number[], { gap, low, high }: Places): number[] {
  const blocks: { mean: number; count: number }[] = [];
  for (const [i, value] of values.entries()) {
    let block = { mean: value - i * gap, count: 1 };
    for (let last = blocks.at(-1); last && last.mean > block.mean; last = blocks.at(-1)) {
      const count = last.count + block.count;
      block = { mean: (last.mean * last.count + block.mean * block.count) / count, count };
      blocks.pop();
    }
    blocks.push(block);
  }
  const most = high - (values.length - 1) * gap;
  const moved = blocks.flatMap(({ mean, count }) =>
    Array.from({ length: count }, () => Math.max(low, Math.min(most, mean))),
  );
  return moved.map((value, i) => value + i * gap);
}

/** What a line is named within its panel. */
function nameOf(setting: LineSetting): string {
  return knobOf(setting)?.value ?? setting.setting;
}
