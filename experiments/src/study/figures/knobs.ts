/** Does the knob of a method set its KL? Achieved against target KL, and beta against KL. */
import { finalEvaluation, type RunResult } from "../results.ts";
import {
  axis,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  intervalNote,
  noteLayers,
  type Row,
  runName,
  type Spec,
  short,
  TOLD,
} from "./parts.ts";

const SIZE = { width: 420, height: 320 } as const;

/** Achieved against target KL; null without targets. */
export function targetFigure(inputs: FigureInputs): Spec | null {
  const { seeds, means } = knobRows(inputs, (run) => run.target_kl);
  if (means.length === 0) return null;
  const most = Math.max(...means.map(({ knob }) => Number(knob)));
  const encoding = {
    x: axis("knob", "target KL (nats)", {
      scale: { domain: [0, most * 1.05], nice: false },
      axis: { values: [0, ...new Set(means.map(({ knob }) => Number(knob)))] },
    }),
    y: axis("kl", "final sequence KL (nats)", { scale: { zero: true } }),
  };
  return figure("Achieved against target KL", [intervalNote(inputs)], {
    ...SIZE,
    layer: [
      {
        data: inline([0, most].map((kl) => ({ knob: kl, kl }))),
        mark: { type: "line", style: "guide", aria: false },
        encoding,
      },
      ...knobLayers(inputs, seeds, means, encoding),
      ...noteLayers(
        [{ knob: most / 4, kl: most / 4, name: "achieved = target" }],
        { align: "right", dx: -8, dy: -8 },
        encoding,
      ),
    ],
  });
}

/** Final KL against beta; null without beta. */
export function betaFigure(inputs: FigureInputs): Spec | null {
  const { seeds, means } = knobRows(inputs, (run) =>
    run.target_kl === undefined ? run.knobs["beta"] : undefined,
  );
  if (new Set(means.map(({ knob }) => knob)).size < 2) return null;
  const scale = { type: "log", nice: false, padding: 12 };
  const values = [...new Set(means.map(({ knob }) => Number(knob)))];
  const encoding = {
    x: axis("knob", "β (log scale)", { scale, axis: { values, format: "~g" } }),
    y: axis("kl", "final sequence KL (nats, log scale)", {
      scale,
      axis: { format: "~g", values: logTicks(means) },
    }),
  };
  return figure("Final KL against β", [intervalNote(inputs)], {
    ...SIZE,
    layer: knobLayers(inputs, seeds, means, encoding),
  });
}

/** 1, 2 and 5 times powers of ten: few enough for labels. */
function logTicks(rows: readonly Row[]): number[] {
  const kls = rows.map(({ kl }) => Number(kl));
  const [low, high] = [Math.min(...kls) / 2, 2 * Math.max(...kls)];
  const powers = Array.from({ length: 10 }, (_, i) => 10 ** (i - 5));
  return powers
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((kl) => kl > low && kl < high)
    .map((kl) => Number(kl.toPrecision(1)));
}

function knobLayers(
  inputs: FigureInputs,
  seeds: readonly Row[],
  means: readonly Row[],
  { x, y }: { readonly x: Spec; readonly y: Spec },
): Spec[] {
  const groups = groupsAmong(inputs, means);
  const color = groupStyle(inputs, groups, "color");
  return [
    {
      data: inline(seeds),
      mark: { type: "point", filled: true, size: 18, opacity: 0.4 },
      encoding: { x, y, color, ...TOLD },
    },
    {
      data: inline(means),
      layer: [
        { mark: { type: "line", strokeWidth: 1.8, aria: false }, encoding: { x, y, color } },
        {
          mark: { type: "rule", strokeWidth: 1.4, aria: false },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        },
        {
          mark: { type: "point", filled: true, size: 80, opacity: 1, style: "marker" },
          encoding: { x, y, color, shape: groupStyle(inputs, groups, "shape"), ...TOLD },
        },
      ],
    },
  ];
}

/** Rows of runs and of settings that have a knob and a KL above 0. */
function knobRows(
  { analysis }: FigureInputs,
  knobOf: (run: RunResult) => unknown,
): { seeds: Row[]; means: Row[] } {
  const own = analysis.settings.flatMap((setting) => {
    const [first] = setting.runs;
    const knob = first && knobOf(first);
    const { kl } = setting;
    return typeof knob === "number" && kl && kl.mean > 0 ? [{ ...setting, knob, kl }] : [];
  });
  return {
    seeds: own.flatMap(({ runs, knob, group }) =>
      runs.flatMap((run) => {
        const kl = finalEvaluation(run)?.kl;
        const text = `${runName(run)}: KL ${short(kl ?? 0)}`;
        return kl !== undefined && kl > 0 ? [{ group, knob, kl, text }] : [];
      }),
    ),
    means: own.map(({ group, label, knob, kl: { mean, low, high } }) => ({
      ...{ group, knob, kl: mean, low, high },
      text: `${label}: KL ${short(mean)}${low === null ? "" : ` [${short(low)}, ${short(high ?? 0)}]`}`,
    })),
  };
}
