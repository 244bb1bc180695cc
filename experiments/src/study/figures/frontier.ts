/** The main figure: reward against KL of all methods, with the limit and best-of-n. */
import type { BestOfNPoint, LimitSample } from "../results.ts";
import { frontierLabels } from "./frontier-labels.ts";
import { beyondNote, KL_SCALE, klAxis, shownKl } from "./kl-axis.ts";
import {
  axis,
  domainOf,
  EVALUATION_TEXT,
  evaluationRows,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  intervalNote,
  knobOf,
  labelLayers,
  type Row,
  type Spec,
  short,
  TOLD,
} from "./parts.ts";

const SIZE = { width: 560, height: 400 } as const;

/** Names of lines that are of no method, and their dashes. */
const LIMIT = "limit: most possible";
const LANGUAGE = "exact limit of the language";
const BY = { gold: "best of n, by gold", learned: "best of n, by learned" } as const;
const DASHES: Readonly<Record<string, readonly number[]>> = {
  [LIMIT]: [1, 0],
  [LANGUAGE]: [8, 3, 2, 3],
  [BY.gold]: [6, 2],
  [BY.learned]: [2, 3],
};

/** Of no policy here, so thinner than the others, pixels. */
const WIDTH = { condition: { test: `datum.line === "${LANGUAGE}"`, value: 0.8 }, value: 1.4 };

/** Share of the KL axis from which on a limit is taken to be known on all of it. */
const WHOLE_LIMIT = 0.8;

/** The frontier; null without evaluated policies. */
export function frontierFigure(inputs: FigureInputs): Spec | null {
  const { results } = inputs;
  const most = shownKl(inputs);
  const settings = settingRows(inputs, most);
  if (settings.length === 0) return null;
  const evaluations = evaluationRows(inputs, most).map(({ proxy: _, ...row }) => row);
  const lines = [
    ...limitRows(results.limit, LIMIT, most),
    ...limitRows(results.language_limit ?? [], LANGUAGE, most),
    ...bestOfNRows(results.best_of_n, most),
  ];
  const domain = domainOf([
    ...[...evaluations, ...lines].map(({ gold }) => gold),
    ...settings.flatMap(({ gold, low, high }) => [gold, low, high]),
  ]);
  const x = klAxis(most, SIZE.width, `sequence KL from the reference (${KL_SCALE})`);
  const y = axis("gold", results.labels.reward, { scale: { domain, nice: false, zero: false } });
  const groups = groupsAmong(inputs, settings);
  const color = groupStyle(inputs, groups, "color");
  const labels = frontierLabels({ settings, lines, size: SIZE, domain, most });
  return figure(`${results.labels.title}: reward against KL`, notes(inputs, most), {
    ...SIZE,
    layer: [
      {
        data: inline(evaluations),
        transform: [EVALUATION_TEXT],
        mark: { type: "point", filled: true, size: 14, opacity: 0.3, clip: true },
        encoding: { x, y, color, ...TOLD },
      },
      ...lineLayers(lines, { top: domain[1], most }, { x, y }),
      {
        data: inline(settings.map(({ knob: _, ...row }) => row)),
        layer: [
          {
            mark: { type: "line", strokeWidth: 1.6, opacity: 0.6, aria: false },
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
      ...labelLayers(inputs, labels, { x, y }),
    ],
  });
}

function notes(inputs: FigureInputs, most: number): string[] {
  const symbols = new Set(
    inputs.analysis.settings.flatMap((setting) => knobOf(setting)?.symbol ?? []),
  );
  const numbers = symbols.size === 0 ? "" : ` Numbers: their ${[...symbols].join(", ")}.`;
  return [
    `Large: final policies of a setting.${numbers} Small: every evaluation of every seed`,
    intervalNote(inputs),
    ...limitNote(inputs, most),
    ...beyondNote(inputs, most),
  ];
}

function limitNote({ results }: FigureInputs, most: number): string[] {
  const { limit, language_limit: language = [] } = results;
  const last = Math.max(...limit.map(({ kl }) => kl));
  return [
    ...(limit.length < 2 || last >= most ? [] : [`The limit is known up to ${short(last)} nats`]),
    ...(language.length < 2
      ? []
      : ["Thin: exact for the language itself, which the reference approximates"]),
  ];
}

function limitRows(samples: readonly LimitSample[], line: string, most: number): Row[] {
  const limit = samples.filter(({ kl }) => kl <= most);
  if (limit.length < 2) return [];
  return limit.map(({ kl, reward }) => ({ line, kl, gold: reward, text: "limit" }));
}

function bestOfNRows(points: readonly BestOfNPoint[], most: number): Row[] {
  return points.flatMap(({ n, gold, gold_error, kl_bound, kl_exact, by }) => {
    const kl = kl_exact ?? kl_bound;
    const told = `best of ${n} by the ${by} reward: reward ${short(gold)} ± ${short(gold_error)}`;
    const bound = kl_exact === undefined ? "KL at most" : "KL";
    const text = `${told}, ${bound} ${short(kl)}`;
    return kl > most ? [] : [{ line: BY[by], n, kl, gold, text }];
  });
}

/** The limit with what is beyond it, and best-of-n, with a legend of their own. */
function lineLayers(
  rows: readonly Row[],
  { top, most }: { readonly top: number; readonly most: number },
  encoding: Spec,
): Spec[] {
  if (rows.length === 0) return [];
  const names = Object.keys(DASHES).filter((name) => rows.some(({ line }) => line === name));
  const dash = {
    field: "line",
    type: "nominal",
    scale: { domain: names, range: names.map((name) => DASHES[name] ?? []) },
    legend: { title: null, orient: "right", symbolType: "stroke", symbolSize: 300 },
  };
  const limit = rows.filter(({ line }) => line === LIMIT);
  // Of a limit that is known in part only, what is beyond it would seem to end.
  const isWhole = limit.some(({ kl }) => Number(kl) > WHOLE_LIMIT * most);
  return [
    {
      data: inline(isWhole ? limit.map((row) => ({ ...row, top })) : []),
      mark: { type: "area", style: "beyond", aria: false },
      encoding: { ...encoding, y2: { field: "top" } },
    },
    {
      data: inline(rows),
      layer: [
        {
          mark: { type: "line", style: "limit", aria: false },
          encoding: { ...encoding, strokeDash: dash, strokeWidth: WIDTH },
        },
        {
          transform: [{ filter: "isValid(datum.n)" }],
          mark: { type: "point", filled: true, size: 22, opacity: 1, style: "limit" },
          encoding: { ...encoding, ...TOLD },
        },
      ],
    },
  ];
}

function settingRows({ analysis }: FigureInputs, most: number): Row[] {
  return analysis.settings.flatMap((setting) => {
    const { group, label, gold, kl, runs } = setting;
    if (!gold || !kl || kl.mean > most) return [];
    const interval = gold.low === null ? "" : ` [${short(gold.low)}, ${short(gold.high ?? 0)}]`;
    const seeds = runs.length === 1 ? "1 run" : `${runs.length} runs`;
    const collapsed = runs.filter(({ status }) => status === "collapsed").length;
    const state = collapsed === 0 ? "" : `, ${collapsed} collapsed`;
    return [
      {
        ...{ group, kl: kl.mean, gold: gold.mean, low: gold.low, high: gold.high },
        ...{ kl_low: kl.low, kl_high: kl.high === null ? null : Math.min(kl.high, most) },
        knob: knobOf(setting)?.value ?? null,
        text: `${label}: reward ${short(gold.mean)}${interval}, KL ${short(kl.mean)}, ${seeds}${state}`,
      },
    ];
  });
}
