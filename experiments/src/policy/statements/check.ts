/** What a statement of the checklist is, and what is known when it is checked. */
import type { Statement, StudyResults } from "../../study/results.ts";
import { type Analysis, analyse } from "../../study/statistics/analysis.ts";
import { BOOTSTRAP, type BootstrapOptions } from "../../study/statistics/bootstrap.ts";
import type { CommonFacts } from "../collect.ts";
import type { StudySettings } from "../settings.ts";
import type { TuningSettings } from "../tuning/candidates.ts";

/** What is known beside the runs. */
export interface StudyFacts<Settings extends StudySettings = StudySettings> extends CommonFacts {
  readonly settings: Settings;
  /** What every method was tuned over; null where the values come from another task. */
  readonly tuning: Pick<TuningSettings, "candidates" | "flopsCap"> | null;
}

/** A study to check. */
export interface CheckedStudy<Settings extends StudySettings = StudySettings> {
  readonly results: StudyResults;
  readonly facts: StudyFacts<Settings>;
  readonly analysis: Analysis;
}

/** What came of a check. */
export type Finding = Pick<Statement, "outcome" | "detail">;

/** A statement with how it is checked. */
export interface StatementCheck<Settings extends StudySettings = StudySettings>
  extends Pick<Statement, "number" | "text" | "where"> {
  check(study: CheckedStudy<Settings>): Finding;
}

/** Checks statements; the list is by their numbers. @param results with or without statements */
export function checked<Settings extends StudySettings>(
  checks: readonly StatementCheck<Settings>[],
  results: StudyResults,
  facts: StudyFacts<Settings>,
  options: BootstrapOptions = BOOTSTRAP,
): Statement[] {
  const study = { results, facts, analysis: analyse(results, options) };
  return [...checks]
    .sort((a, b) => a.number - b.number)
    .map(({ number, text, where, check }) => ({ number, text, where, ...check(study) }));
}

/** Statements that another experiment is about. @param experiment which one */
export function aboutOther(
  experiment: "sentiment" | "dialogue",
  statements: readonly Pick<StatementCheck, "number" | "text">[],
): StatementCheck[] {
  return statements.map((statement) => ({
    ...statement,
    where: `the ${experiment} experiment`,
    check: () => notApplicable(`It is about the ${experiment} experiment.`),
  }));
}

/** A finding that holds under a condition. */
export function holdsIf(condition: boolean, detail: string): Finding {
  return { outcome: condition ? "holds" : "fails", detail };
}

/** A finding of a statement that cannot be asked here. */
export function notApplicable(reason: string): Finding {
  return { outcome: "not applicable", detail: reason };
}

/** A number for people, to three digits. */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Whether a study says how it departs from the paper in something. */
export function isRecorded({ deviations }: StudyResults, item: string): boolean {
  return deviations.some((deviation) => deviation.item === item);
}
