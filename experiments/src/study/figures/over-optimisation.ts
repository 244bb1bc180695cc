/** Gold and learned reward against KL, side by side: over-optimisation is gold that falls while the
 * learned reward rises. */
import {
  axis,
  EVALUATION_TEXT,
  evaluationRows,
  type FigureInputs,
  figure,
  groupStyle,
  groupsAmong,
  inline,
  klTicks,
  type Row,
  type Spec,
  shownKl,
} from "./parts.ts";

/** The figure; null without a learned reward. */
export function overOptimisationFigure(inputs: FigureInputs): Spec | null {
  const { labels } = inputs.results;
  const most = shownKl(inputs);
  const rows = evaluationRows(inputs, most).filter(({ proxy }) => proxy !== undefined);
  if (rows.length === 0) return null;
  const panel = (field: "gold" | "proxy", title: string): Spec => {
    const x = axis("kl", "sequence KL (nats)", {
      scale: { type: "sqrt", domain: [0, most], nice: false },
      axis: { format: "~g", values: klTicks(most), labelOverlap: "greedy" },
    });
    const y = axis(field, title, { scale: { zero: false } });
    const color = groupStyle(inputs, groupsAmong(inputs, rows), "color");
    return {
      width: 320,
      height: 280,
      layer: [
        {
          transform: [EVALUATION_TEXT],
          mark: { type: "point", filled: true, size: 16, opacity: 0.45, aria: false },
          encoding: { x, y, color, tooltip: { field: "text", type: "nominal" } },
        },
        {
          data: inline(meanRows(rows)),
          mark: { type: "line", strokeWidth: 2, aria: false },
          encoding: { x, y, color, order: { field: "kl", type: "quantitative" } },
        },
        ...bestOfN(inputs, most, field, { x, y }),
      ],
    };
  };
  const { reward, proxy } = labels;
  return figure(
    "Gold and learned reward against KL",
    [
      "Dots: evaluations of all seeds. Lines: means over bins of KL. Dashed: best of n by learned reward",
    ],
    {
      data: inline(rows),
      hconcat: [panel("gold", reward), panel("proxy", proxy)],
      spacing: 40,
    },
  );
}

/** Bins of KL on a square-root scale that a group's line is drawn through. */
const BINS = 9;

/** Means of each group's evaluations in bins of equal width on the scale of the figure. */
function meanRows(rows: readonly Row[]): Row[] {
  const most = Math.max(...rows.map(({ kl }) => Number(kl)));
  const bins = new Map<string, Row[]>();
  for (const row of rows) {
    const bin = Math.min(BINS - 1, Math.floor(BINS * Math.sqrt(Number(row["kl"]) / most)));
    const key = `${row["group"]}/${bin}`;
    bins.set(key, [...(bins.get(key) ?? []), row]);
  }
  return [...bins.values()].map((bin) => {
    const mean = (name: string) =>
      bin.reduce((sum, row) => sum + Number(row[name]), 0) / bin.length;
    return {
      group: bin[0]?.["group"] ?? null,
      ...{ kl: mean("kl"), gold: mean("gold"), proxy: mean("proxy") },
    };
  });
}

function bestOfN(
  { results }: FigureInputs,
  most: number,
  field: "gold" | "proxy",
  encoding: Spec,
): Spec[] {
  const rows = results.best_of_n.flatMap(({ by, gold, proxy, kl_bound, kl_exact }) => {
    const kl = kl_exact ?? kl_bound;
    const value = field === "gold" ? gold : proxy;
    if (by !== "learned" || value === undefined || kl > most) return [];
    return [{ kl, [field]: value }];
  });
  if (rows.length < 2) return [];
  return [
    {
      data: inline(rows),
      mark: { type: "line", style: "guide", aria: false },
      encoding,
    },
  ];
}
