/** Win rates against the data's replies by sampling temperature: of all methods, of all settings. */

import type { JudgedPoint, JudgedSetting } from "../statistics/judged.ts";
import { EVEN } from "../statistics/preference.ts";
import { judgeNote, selectionNotes } from "./judged-parts.ts";
import { LINEAR, lineRow, panels } from "./panels.ts";
import {
  axis,
  domainOf,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  intervalNote,
  type Spec,
  short,
  TOLD,
  ticksAt,
} from "./parts.ts";

const SIZE = { width: 560, height: 340 } as const;

/** Distance of groups at a temperature, degrees: their intervals would hide each other. */
const DODGE = 0.011;

const TITLE = "Win rate by sampling temperature";
const TEMPERATURE = "sampling temperature (0 is greedy)";
const WIN_RATE = "win rate against the data's replies";

/** One line for each method; null in studies without judges. */
export function winRateFigure(inputs: FigureInputs): Spec | null {
  const { judged } = inputs.analysis;
  const { comparisons } = inputs.results;
  const lines = (judged?.shown ?? []).filter((setting) => testPoints(setting).length > 0);
  if (!comparisons || lines.length === 0) return null;
  const rows = lines.flatMap((setting, i) => {
    const moved = DODGE * (i - (lines.length - 1) / 2);
    return testPoints(setting).map(({ temperature, win, length }) => ({
      ...{ group: setting.group, temperature: temperature + moved, win: win.mean },
      ...{ low: win.low, high: win.high, text: pointText(setting, { temperature, win, length }) },
    }));
  });
  const groups = groupsAmong(inputs, rows);
  const color = groupStyle(inputs, groups, "color");
  const x = temperatureAxis(lines.flatMap(testPoints));
  const domain = domainOf([EVEN, ...rows.flatMap(({ low, high }) => [low, high])]);
  const y = axis("win", WIN_RATE, { scale: { domain, nice: false, zero: false } });
  const notes = [
    "Dashed: neither is preferred. Methods are drawn beside each other",
    ...selectionNotes(lines),
    intervalNote(inputs),
    judgeNote(comparisons.judge),
  ];
  return figure(TITLE, notes, {
    ...SIZE,
    data: inline(rows),
    layer: [
      {
        data: inline([{ at: EVEN }]),
        mark: { type: "rule", style: "guide", aria: false },
        encoding: { y: { ...y, field: "at" } },
      },
      {
        mark: { type: "line", strokeWidth: 1.8, opacity: 0.7, aria: false },
        encoding: { x, y, color },
      },
      {
        mark: { type: "rule", strokeWidth: 1.4, aria: false },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "point", filled: true, size: 75, opacity: 1, style: "marker" },
        encoding: { x, y, color, shape: groupStyle(inputs, groups, "shape"), ...TOLD },
      },
    ],
  });
}

/** A panel for each method with several settings; null where none has. */
export function winRateSettingsFigure(inputs: FigureInputs): Spec | null {
  const { judged } = inputs.analysis;
  const { comparisons } = inputs.results;
  if (!comparisons || !judged) return null;
  const isOneOfSeveral = ({ group }: JudgedSetting) =>
    judged.settings.filter((other) => other.group === group).length > 1;
  const settings = judged.settings.filter(isOneOfSeveral);
  return panels(inputs, {
    title: `${TITLE}: all settings`,
    notes: [
      "Means over seeds and test prompts; lines are named by their setting. Dashed: neither is preferred",
      judgeNote(comparisons.judge),
    ],
    name: "win rate",
    across: { field: "temperature", axis: temperatureAxis(settings.flatMap(testPoints), null) },
    ...{ scale: LINEAR, rule: EVEN },
    lines: settings
      .map((setting) => ({
        setting,
        // Intervals of settings would hide each other: those are in the report.
        rows: testPoints(setting).map((point) => {
          const { mean } = point.win;
          const { temperature } = point;
          const text = pointText(setting, point);
          return lineRow(setting, { temperature }, { mean, low: mean, high: mean }, text);
        }),
      }))
      .filter(({ rows }) => rows.length > 1),
  });
}

function testPoints({ points }: JudgedSetting): JudgedPoint[] {
  return points.filter(({ prompts }) => prompts === "test");
}

function temperatureAxis(points: readonly JudgedPoint[], title: string | null = TEMPERATURE): Spec {
  const temperatures = [...new Set(points.map(({ temperature }) => temperature))];
  const sorted = temperatures.sort((a, b) => a - b);
  return axis("temperature", title, {
    scale: { nice: false, zero: false, padding: 12 },
    axis: { grid: false, ...ticksAt(sorted) },
  });
}

function pointText(
  { label }: JudgedSetting,
  { temperature, win, length }: Pick<JudgedPoint, "temperature" | "win" | "length">,
): string {
  const interval = `[${short(win.low)}, ${short(win.high)}]`;
  return `${label}, temperature ${temperature}: win rate ${short(win.mean)} ${interval}, replies of ${short(length)} tokens`;
}
