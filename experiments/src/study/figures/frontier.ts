/** The main figure: reward against KL of all methods, with the limit and best-of-n. */
import type { BestOfNPoint } from "../results.ts";
import {
  axis,
  beyondNote,
  EVALUATION_TEXT,
  evaluationRows,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  intervalNote,
  klTicks,
  noteLayers,
  type Row,
  type Spec,
  short,
  shownKl,
  TOLD,
} from "./parts.ts";

/** Values of n that are written beside best-of-n. */
const NAMED_N = new Set([4, 16, 64, 128]);

/** The frontier; null without evaluated policies. */
export function frontierFigure(inputs: FigureInputs): Spec | null {
  const { results } = inputs;
  const most = shownKl(inputs);
  const settings = settingRows(inputs, most);
  if (settings.length === 0) return null;
  const groups = groupsAmong(inputs, settings);
  const x = axis("kl", "sequence KL from the reference (nats, square-root scale)", {
    scale: { type: "sqrt", domain: [0, most], nice: false },
    axis: { values: klTicks(most), grid: true, format: "~g" },
  });
  const y = axis("gold", results.labels.reward, { scale: { zero: false, nice: true } });
  const color = groupStyle(inputs, groups, "color");
  const subtitle = [
    "Large: final policies of a setting. Small: every evaluation of every seed.",
    intervalNote(inputs),
    ...beyondNote(inputs, most),
  ];
  return figure(`${results.labels.title}: reward against KL`, subtitle, {
    width: 620,
    height: 400,
    layer: [
      ...limitLayers(inputs, most, { x, y }),
      ...bestOfNLayers(results.best_of_n, most, { x, y }),
      {
        data: inline(evaluationRows(inputs, most).map(({ proxy: _, ...row }) => row)),
        transform: [EVALUATION_TEXT],
        mark: { type: "point", filled: true, size: 14, opacity: 0.3, clip: true },
        encoding: { x, y, color, ...TOLD },
      },
      {
        data: inline(settings),
        layer: [
          {
            mark: { type: "line", strokeWidth: 1.8, opacity: 0.85, aria: false },
            encoding: { x, y, color, order: { field: "kl", type: "quantitative" } },
          },
          {
            mark: { type: "rule", strokeWidth: 1.4, clip: true, aria: false },
            encoding: { x: { ...x, field: "kl_low" }, x2: { field: "kl_high" }, y, color },
          },
          {
            mark: { type: "rule", strokeWidth: 1.4, aria: false },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
          },
          {
            mark: { type: "point", filled: true, size: 95, opacity: 1, style: "marker" },
            encoding: { x, y, color, shape: groupStyle(inputs, groups, "shape"), ...TOLD },
          },
        ],
      },
    ],
  });
}

function limitLayers({ results }: FigureInputs, most: number, encoding: Spec): Spec[] {
  const limit = results.limit.filter(({ kl }) => kl <= most);
  if (limit.length < 2) return [];
  const rows = limit.map(({ kl, reward }) => ({ kl, gold: reward, text: "limit" }));
  const top = Math.max(...rows.map(({ gold }) => gold));
  const named = rows.find(({ kl }) => kl > most / 12) ?? (rows.at(-1) as (typeof rows)[number]);
  return [
    {
      data: inline(rows.map((row) => ({ ...row, top }))),
      mark: { type: "area", style: "beyond", aria: false },
      encoding: { ...encoding, y2: { field: "top" } },
    },
    {
      data: inline(rows),
      mark: { type: "line", style: "limit" },
      encoding: { ...encoding, ...TOLD },
    },
    ...noteLayers(
      [{ ...named, name: "the most that any policy can have" }],
      { align: "right", baseline: "bottom", dx: -6, dy: -2 },
      encoding,
    ),
  ];
}

function bestOfNLayers(points: readonly BestOfNPoint[], most: number, encoding: Spec): Spec[] {
  const rows = points.flatMap(({ n, gold, gold_error, kl_bound, kl_exact, by }) => {
    const kl = kl_exact ?? kl_bound;
    const told = `best of ${n} by the ${by} reward: reward ${short(gold)} ± ${short(gold_error)}`;
    const bound = kl_exact === undefined ? "KL at most" : "KL";
    return kl > most ? [] : [{ n, kl, gold, by, text: `${told}, ${bound} ${short(kl)}` }];
  });
  if (rows.length === 0) return [];
  const ends = [...new Set(rows.map(({ by }) => by))].map((by) => {
    const { n: _, ...last } = rows.filter((row) => row.by === by).at(-1) as (typeof rows)[number];
    return { ...last, name: `best of n, by ${by} reward` };
  });
  const dash = {
    field: "by",
    type: "nominal",
    scale: {
      domain: ["gold", "learned"],
      range: [
        [1, 0],
        [4, 3],
      ],
    },
    legend: null,
  };
  return [
    {
      data: inline(rows),
      layer: [
        {
          mark: { type: "line", style: "guide", strokeDash: [1, 0], aria: false },
          encoding: { ...encoding, strokeDash: dash },
        },
        {
          mark: { type: "point", filled: true, size: 22, opacity: 1, style: "note" },
          encoding: { ...encoding, detail: { field: "by" }, ...TOLD },
        },
      ],
    },
    ...noteLayers(
      rows
        .filter(({ n, by }) => by === "gold" && NAMED_N.has(n))
        .map((row) => ({ ...row, name: `${row.n}` })),
      { align: "left", dx: 4, dy: 9 },
      encoding,
    ),
    ...noteLayers(ends, { align: "left", dx: 7, dy: -6 }, encoding),
  ];
}

function settingRows({ analysis }: FigureInputs, most: number): Row[] {
  return analysis.settings.flatMap(({ group, label, gold, kl, runs }) => {
    if (!gold || !kl || kl.mean > most) return [];
    const interval = gold.low === null ? "" : ` [${short(gold.low)}, ${short(gold.high ?? 0)}]`;
    const seeds = runs.length === 1 ? "1 run" : `${runs.length} runs`;
    return [
      {
        ...{ group, kl: kl.mean, gold: gold.mean, low: gold.low, high: gold.high },
        ...{ kl_low: kl.low, kl_high: kl.high === null ? null : Math.min(kl.high, most) },
        text: `${label}: reward ${short(gold.mean)}${interval}, KL ${short(kl.mean)}, ${seeds}`,
      },
    ];
  });
}
