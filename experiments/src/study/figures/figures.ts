/** All figures of a study, as specifications of vega-lite with their data. */
import type { StudyResults } from "../results.ts";
import { type Analysis, analyse } from "../statistics/analysis.ts";
import { chosenFigure, learningFigure } from "./curves.ts";
import { frontierFigure } from "./frontier.ts";
import { betaFigure, targetFigure } from "./knobs.ts";
import { overOptimisationFigure } from "./over-optimisation.ts";
import type { Spec } from "./parts.ts";

/**
 * Figures by name; those that a study has no numbers for are left out.
 * @param analysis of the same results
 */
export function figures(
  results: StudyResults,
  analysis: Analysis = analyse(results),
): Readonly<Record<string, Spec>> {
  const inputs = { results, analysis };
  const all: Readonly<Record<string, Spec | null>> = {
    frontier: frontierFigure(inputs),
    "target-kl": targetFigure(inputs),
    "beta-kl": betaFigure(inputs),
    "over-optimisation": overOptimisationFigure(inputs),
    "learning-curves": learningFigure(inputs),
    "chosen-logp": chosenFigure(inputs),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, spec]) => (spec ? [[name, spec] as const] : [])),
  );
}
