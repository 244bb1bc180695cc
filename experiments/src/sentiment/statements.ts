/**
 * The checklist of a faithful reproduction: which statements hold for a study, and where each is
 * checked. Outcomes are computed; one that fails is shown as it is.
 */
import { aboutOther, checked, type StudyFacts } from "../policy/statements/check.ts";
import { OUTCOMES } from "../policy/statements/outcomes.ts";
import { THEORY } from "../policy/statements/theory.ts";
import { deviationsStatement, trainingStatements } from "../policy/statements/training.ts";
import type { Statement, StudyResults } from "../study/results.ts";
import type { BootstrapOptions } from "../study/statistics/bootstrap.ts";
import { UNSTATED } from "./deviations.ts";
import type { SentimentSettings } from "./settings.ts";
import { DESIGN } from "./statements/design.ts";

const DIALOGUE = aboutOther("dialogue", [
  {
    number: 20,
    text:
      "Dialogue: the reference is Preferred-FT; win rates against the chosen answers are measured " +
      "over temperatures and over training; judges see answers in random order.",
  },
  { number: 21, text: "Prompts of another distribution are tested, with standard errors." },
]);

/** All statements, by their numbers. @param results with or without statements */
export function statementsOf(
  results: StudyResults,
  facts: StudyFacts<SentimentSettings>,
  options?: BootstrapOptions,
): Statement[] {
  const checks = [
    ...[...THEORY, ...DESIGN, ...trainingStatements("sentiment")],
    ...[deviationsStatement(UNSTATED), ...OUTCOMES, ...DIALOGUE],
  ];
  return checked<SentimentSettings>(checks, results, facts, options);
}
