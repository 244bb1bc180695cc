/** The results of a study as a table in Markdown, which READMEs show: `summary.md`. */
import { finalEvaluation, type StudyResults } from "../results.ts";
import type { Analysis, JudgedAnalysis } from "../statistics/analysis.ts";
import type { SettingSummary } from "../statistics/settings.ts";
import { NONE, plain, share, withInterval } from "./numbers.ts";

/** Name of the file. */
export const SUMMARY = "summary.md";

/** A row for every setting of every method: final policies on test prompts, over all seeds. */
export function summaryTable(
  { labels, seeds }: Pick<StudyResults, "labels" | "seeds">,
  { settings, judged, prompts }: Analysis,
): string {
  const isValidity = settings.some((setting) => validityOf(setting) !== null);
  const header = [
    ...["method", labels.reward, "KL, nats"],
    ...(isValidity ? ["valid texts"] : []),
    ...(judged ? ["win rate at temperature 1"] : []),
  ];
  const labelsOfRuns = new Set(settings.map(({ label }) => label));
  const rows = [
    ...settings.map((setting) => [
      ...[setting.label, withInterval(setting.gold), withInterval(setting.kl)],
      ...(isValidity ? [plain(validityOf(setting))] : []),
      ...(judged ? [winRateOf(judged, setting.label)] : []),
    ]),
    // What replies but is no run, such as best-of-n.
    ...(judged?.settings ?? [])
      .filter(({ label }) => !labelsOfRuns.has(label))
      .map(({ label }) => [
        ...[label, NONE, NONE, ...(isValidity ? [NONE] : [])],
        winRateOf(judged as JudgedAnalysis, label),
      ]),
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const of = `${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}, ${prompts} test prompts`;
  return [
    `Final policies, ${of}; means with 95 % bootstrap intervals over seeds and prompts.`,
    "",
    ...[header, header.map(() => "---"), ...rows].map(line),
    "",
  ].join("\n");
}

function winRateOf({ settings }: JudgedAnalysis, label: string): string {
  const points = settings.find((setting) => setting.label === label)?.points;
  const point = points?.find(({ prompts, temperature }) => prompts === "test" && temperature === 1);
  return point ? share(point.win) : NONE;
}

/** Mean share of valid texts over seeds; null where it is not measured. */
function validityOf({ runs }: SettingSummary): number | null {
  const shares = runs.flatMap((run) => finalEvaluation(run)?.validity ?? []);
  return shares.length > 0 ? shares.reduce((sum, x) => sum + x, 0) / shares.length : null;
}
