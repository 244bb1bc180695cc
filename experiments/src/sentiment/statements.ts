/**
 * The checklist of a faithful reproduction: which statements hold for a study, and where each is
 * checked. Outcomes are computed; one that fails is shown as it is.
 */
import type { Statement, StudyResults } from "../study/results.ts";
import { analyse } from "../study/statistics/analysis.ts";
import { BOOTSTRAP, type BootstrapOptions } from "../study/statistics/bootstrap.ts";
import type { StudyFacts } from "./statements/check.ts";
import { DESIGN } from "./statements/design.ts";
import { OUTCOMES } from "./statements/outcomes.ts";
import { THEORY } from "./statements/theory.ts";

/** All statements, by their numbers. @param results with or without statements */
export function statementsOf(
  results: StudyResults,
  facts: StudyFacts,
  options: BootstrapOptions = BOOTSTRAP,
): Statement[] {
  const study = { results, facts, analysis: analyse(results, options) };
  return [...THEORY, ...DESIGN, ...OUTCOMES]
    .sort((a, b) => a.number - b.number)
    .map(({ number, text, where, check }) => ({ number, text, where, ...check(study) }));
}
