/** All figures of a study, as specifications of vega-lite with their data. */
import type { StudyResults } from "../results.ts";
import { type Analysis, analyse } from "../statistics/analysis.ts";
import { bestOfNFigure } from "./best-of-n.ts";
import { chosenFigure, learningFigure, winTrainingFigure } from "./curves.ts";
import { frontierFigure } from "./frontier.ts";
import { betaFigure, targetFigure } from "./knobs.ts";
import { overOptimisationFigure } from "./over-optimisation.ts";
import type { FigureInputs, Spec } from "./parts.ts";
import { winRateFigure, winRateSettingsFigure } from "./win-rate.ts";

/** By name; null of a study that has no numbers for it. */
const ALL: Readonly<Record<string, (inputs: FigureInputs) => Spec | null>> = {
  frontier: frontierFigure,
  "target-kl": targetFigure,
  "beta-kl": betaFigure,
  "over-optimisation": overOptimisationFigure,
  "learning-curves": learningFigure,
  "chosen-logp": chosenFigure,
  "win-rate": winRateFigure,
  "win-rate-settings": winRateSettingsFigure,
  "win-rate-training": winTrainingFigure,
  "best-of-n": bestOfNFigure,
};

/** Names of all figures. */
export const FIGURES: readonly string[] = Object.keys(ALL);

/**
 * Figures by name; those that a study has no numbers for are left out.
 * @param analysis of the same results
 */
export function figures(
  results: StudyResults,
  analysis: Analysis = analyse(results),
): Readonly<Record<string, Spec>> {
  return Object.fromEntries(
    Object.entries(ALL).flatMap(([name, draw]) => {
      const spec = draw({ results, analysis });
      return spec ? [[name, spec] as const] : [];
    }),
  );
}
