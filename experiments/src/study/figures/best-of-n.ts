/** The best of n replies of the reference: win rate and gold reward against n, side by side. */
import type { BestOfNPoint } from "../results.ts";
import { Z95 } from "../statistics/limit.ts";
import { EVEN } from "../statistics/preference.ts";
import { textWidth } from "./font.ts";
import { judgeNote } from "./judged-parts.ts";
import {
  axis,
  domainOf,
  type FigureInputs,
  figure,
  inline,
  labelLayers,
  type Row,
  type Spec,
  short,
  stylesOf,
  TOLD,
  ticksAt,
} from "./parts.ts";
import { NOTE_SIZE } from "./theme.ts";

const PANEL = { width: 315, height: 270 } as const;

/**
 * Which reward chooses, how its line is drawn, and how far beside n as a share of a doubling. The colours
 * are of no group, and readable on dark pages too.
 */
const BY = {
  gold: { name: "chosen by gold", dash: [1, 0], color: "#75808c", dodge: -0.06 },
  learned: { name: "chosen by learned", dash: [4, 2], color: "#b07312", dodge: 0.06 },
} as const;

/** Temperature at which replies of the reference are drawn, and those of the subject compared. */
const TEMPERATURE = 1;

/** What a panel shows. */
interface Panel {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Of the subject, for comparison. */
  readonly subject: number | undefined;
  readonly rule?: number;
}

/** The figure; null where no replies were judged. */
export function bestOfNFigure(inputs: FigureInputs): Spec | null {
  const { best_of_n: points, comparisons, labels } = inputs.results;
  const judged = points.filter(({ win_rate }) => win_rate !== undefined);
  if (!comparisons || new Set(judged.map(({ n }) => n)).size < 2) return null;
  const subject = inputs.analysis.judged?.shown
    .find(({ group }) => group === labels.subject)
    ?.points.find(({ prompts, temperature }) => prompts === "test" && temperature === TEMPERATURE);
  const panelOf = (own: Panel) => panel(inputs, own, [...new Set(points.map(({ n }) => n))]);
  const isCompared = subject !== undefined;
  return figure(
    `Best of n replies of ${labels.reference}`,
    [
      `Bars: 95 % intervals over prompts.${isCompared ? ` Coloured: ${labels.subject} at temperature ${TEMPERATURE}.` : ""} Dashed: neither is preferred`,
      judgeNote(comparisons.judge),
    ],
    {
      hconcat: [
        panelOf({
          title: "win rate against the data's replies",
          rows: judged.map((point) => row(point, point.win_rate, point.win_rate_error, "win rate")),
          ...{ subject: subject?.win.mean, rule: EVEN },
        }),
        panelOf({
          title: labels.reward,
          rows: points.map((point) => row(point, point.gold, point.gold_error, "reward")),
          subject: subject?.gold.mean,
        }),
      ],
      spacing: 30,
    },
  );
}

function row({ n, by }: BestOfNPoint, value = 0, error = 0, name = ""): Row {
  return {
    ...{
      by: BY[by].name,
      n: n * 2 ** BY[by].dodge,
      value,
      low: value - Z95 * error,
      high: value + Z95 * error,
    },
    text: `best of ${n}, ${BY[by].name}: ${name} ${short(value)} ± ${short(error)}`,
  };
}

function panel(inputs: FigureInputs, { title, rows, subject, rule }: Panel, ns: number[]): Spec {
  const { labels } = inputs.results;
  const domain = domainOf([...rows.flatMap(({ low, high }) => [low, high]), subject, rule]);
  const x = axis("n", "n, log scale", {
    scale: { type: "log", base: 2, nice: false, padding: 10 },
    axis: { grid: false, ...ticksAt(ns) },
  });
  const y = axis("value", title, { scale: { domain, nice: false, zero: false } });
  const names = Object.values(BY).filter(({ name }) => rows.some(({ by }) => by === name));
  const style = (channel: "dash" | "color"): Spec => ({
    ...{ field: "by", type: "nominal" },
    scale: { domain: names.map(({ name }) => name), range: names.map((by) => by[channel]) },
    legend: {
      ...{ title: null, orient: "bottom", symbolType: "stroke", symbolSize: 300 },
      symbolStrokeWidth: 2,
    },
  });
  const color = style("color");
  const own = stylesOf(inputs.results).find(({ group }) => group === labels.subject)?.color;
  const label = { group: labels.subject, name: labels.subject, n: Math.min(...ns) };
  return {
    ...PANEL,
    data: inline(rows),
    layer: [
      ...(rule === undefined ? [] : [ruleLayer(rule, { style: "guide" }, y)]),
      ...(subject === undefined
        ? []
        : [
            ruleLayer(subject, { color: own ?? null, strokeWidth: 1.6 }, y),
            ...labelLayers(inputs, [{ ...label, value: subject }], {
              ...{ x, y, yOffset: { value: -8 } },
              xOffset: { value: textWidth(labels.subject, NOTE_SIZE, true) / 2 },
            }),
          ]),
      {
        mark: { type: "rule", strokeWidth: 1.4, aria: false },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 1.6, aria: false },
        encoding: { x, y, color, strokeDash: style("dash") },
      },
      {
        mark: { type: "point", filled: true, size: 34, opacity: 1 },
        encoding: { x, y, color, ...TOLD },
      },
    ],
  };
}

function ruleLayer(at: number, mark: Spec, y: Spec): Spec {
  return {
    data: inline([{ at }]),
    mark: { type: "rule", aria: false, ...mark },
    encoding: { y: { ...y, field: "at" } },
  };
}
