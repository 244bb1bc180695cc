/** Quantities over training: a panel for each group, a line for each setting. */
import type { Evaluation } from "../results.ts";
import { mean } from "../statistics/bootstrap.ts";
import { EVEN } from "../statistics/preference.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { judgeNote } from "./judged-parts.ts";
import { LINEAR, lineRow, panels, type Scale, SYMMETRIC } from "./panels.ts";
import { axis, type FigureInputs, type Row, type Spec, short } from "./parts.ts";

/** Label of a tick at a number of examples: `5k`, and no `0k`. */
const COUNT_LABEL = "datum.value === 0 ? '0' : format(datum.value, '~s')";

/** What is drawn over training. */
interface Curves {
  readonly title: string;
  /** Below the title. */
  readonly notes: readonly string[];
  /** Of the axis. */
  readonly name: string;
  readonly scale: Scale;
  /** A value that is dashed. */
  readonly rule?: number;
  /** Of an evaluation, beside that of the reference. Undefined where it was not measured. */
  readonly measure: (evaluation: Evaluation, first: Evaluation) => number | undefined;
}

/** Gold reward over training; null when nothing was evaluated twice. */
export function learningFigure(inputs: FigureInputs): Spec | null {
  return curves(inputs, {
    title: "Learning curves",
    notes: ["Against pairs or completions trained on"],
    name: inputs.results.labels.reward,
    scale: LINEAR,
    measure: ({ gold }) => gold,
  });
}

/** Log-probability of chosen completions over training; null when it was not measured. */
export function chosenFigure(inputs: FigureInputs): Spec | null {
  return curves(inputs, {
    title: "Log-probability of chosen completions",
    notes: [
      "Change since the reference, logarithmic far from 0, against pairs or completions trained on",
    ],
    name: "change (nats)",
    scale: SYMMETRIC,
    measure: ({ chosen_logp }, first) =>
      chosen_logp === undefined || first.chosen_logp === undefined
        ? undefined
        : chosen_logp - first.chosen_logp,
  });
}

/** Win rate over training; null in studies without judges, and when it was not measured twice. */
export function winTrainingFigure(inputs: FigureInputs): Spec | null {
  const { comparisons } = inputs.results;
  if (!comparisons) return null;
  return curves(inputs, {
    title: "Win rate over training",
    notes: [
      "Against the data's replies at temperature 1, by pairs or completions trained on. Dashed: neither is preferred",
      judgeNote(comparisons.judge),
    ],
    name: "win rate",
    scale: LINEAR,
    rule: EVEN,
    measure: (evaluation) => evaluation.win_rate,
  });
}

function curves(inputs: FigureInputs, what: Curves): Spec | null {
  const { title, notes, name, scale, rule } = what;
  const reference = referenceOf(inputs);
  const lines = inputs.analysis.settings
    .filter(({ runs }) => runs.some(({ evaluations }) => evaluations.length > 1))
    .map((setting) => ({ setting, rows: curveOf(setting, reference, what) }))
    .filter(({ rows }) => rows.length > 1);
  const isOneSeed = inputs.results.seeds.length === 1;
  const bands = "Lines: means over seeds. Bands: from the least to the most of a seed";
  return panels(inputs, {
    ...{ title, name, scale, lines, rule },
    notes: isOneSeed ? notes : [...notes.slice(0, 1), bands, ...notes.slice(1)],
    across: {
      field: "examples",
      axis: axis("examples", null, { axis: { tickCount: 4, labelExpr: COUNT_LABEL } }),
    },
  });
}

/** The evaluation of the reference: every method starts from it. */
function referenceOf({ results: { runs, labels } }: FigureInputs): Evaluation | undefined {
  const run = runs.find(({ group }) => group === labels.reference);
  const [evaluation] = run?.evaluations ?? [];
  return evaluation && { ...evaluation, step: 0, examples: 0 };
}

/** Means over seeds at the steps that every seed has, from the reference on. */
function curveOf(
  summary: SettingSummary,
  reference: Evaluation | undefined,
  { measure }: Curves,
): Row[] {
  const { label, runs } = summary;
  const curvesOfRuns = runs.map(({ evaluations }) =>
    reference && evaluations[0]?.step !== 0 ? [reference, ...evaluations] : evaluations,
  );
  const steps = curvesOfRuns[0] ?? [];
  return steps.flatMap(({ step, examples }) => {
    const values = curvesOfRuns.flatMap((evaluations) => {
      const own = evaluations.find((evaluation) => evaluation.step === step);
      const start = evaluations.find((e) => measure(e, e) !== undefined);
      const value = own && start ? measure(own, start) : undefined;
      return value === undefined ? [] : [value];
    });
    if (values.length < runs.length || values.length === 0) return [];
    const value = { mean: mean(values), low: Math.min(...values), high: Math.max(...values) };
    const text = `${label}, step ${step}: ${short(value.mean)}`;
    return [lineRow(summary, { examples }, value, text)];
  });
}
